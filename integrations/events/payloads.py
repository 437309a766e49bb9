"""Payloads: what was posted, read through one door that writes down who read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from integrations.events import wire
from integrations.events.models import Event
from integrations.sources.models import Source
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant

LONGEST_LAID_OUT = 262_144  # characters; a longer detail is shown as it was posted


@dataclass(frozen=True, slots=True)
class Payload:
    """What was posted of an event. `detail` is the JSON text exactly as it came."""

    event_id: UUID
    type: str
    time: datetime
    resources: list[str]
    detail: str

    @property
    def laid_out(self) -> str:
        """The detail with line breaks, its numbers and the order of its keys untouched."""
        return _laid_out(self.detail)


def find_event(event_id: UUID, *, tenant_ids: Sequence[int] | None) -> Event | None:
    """Return an event of these tenants, or of anybody for None, without what it carries; None where there is none."""
    events = Event.objects.select_related("type").defer("wire").filter(id=event_id)
    if tenant_ids is not None:
        events = events.filter(tenant_id__in=tenant_ids)
    return events.first()


def read_payload(*, event: Event, actor: Actor, now: datetime) -> Payload:
    """Return what an event carries, and record who read it."""
    entry = wire.read_tail(bytes(Event.objects.values_list("wire", flat=True).get(id=event.id)))
    audit.record(
        actor=actor,
        action="event:read_payload",
        at=now,
        object_type="event",
        object_id=event.id,
        tenant=Tenant.objects.get(pk=event.tenant_id),
    )
    return Payload(
        event_id=event.id,
        type=entry.type,
        time=datetime.fromtimestamp(entry.time, tz=UTC),
        resources=entry.resources,
        detail=entry.detail,
    )


def envelope_of(payload: Payload, source: Source, aws_id: UUID | str | None) -> str:
    """Return the event as a rule on this source's bus sees it, laid out.

    AWS adds its own id, the receiver's account and the region; a moment is written in seconds.
    Source: the EventBridge user guide's "EventBridge events", and sample events of several partners.
    """
    envelope = {
        "version": "0",
        "id": str(aws_id or "given by AWS when it takes the event"),
        "detail-type": payload.type,
        "source": source.name,
        "account": source.account or "",
        "time": payload.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": source.region,
        "resources": payload.resources,
        "detail": msgspec.Raw(payload.detail.encode()),
    }
    return _laid_out(msgspec.json.encode(envelope).decode())


def _laid_out(text: str) -> str:
    if len(text) > LONGEST_LAID_OUT:
        return text
    try:
        return msgspec.json.format(text.encode(), indent=2).decode()
    except (msgspec.DecodeError, RecursionError):  # nested deeper than the formatter goes, and yet legal
        return text
