"""The story of one event: where each of its deliveries stands, and every attempt that was made."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from integrations.events import wire
from integrations.events.deliveries import Delivery, attempted_from, deliveries_of, overall_state
from integrations.events.models import Event
from tenants.identifiers import moment_of

ATTEMPTS = """
select s.public_id as source, a.at, c.code, a.tries, a.ms, a.bytes, a.observed, a.aws_id, a.request_id, a.message
from attempts a join outcome_codes c on c.id = a.code join sources_source s on s.id = a.source_id
where a.event_id = %s and a.at >= %s order by a.at
"""

OBSERVED = ("unknown", "none", "pending", "active", "deleted")


def story_of(*, environment_id: int, event_id: UUID) -> dict[str, Any] | None:
    """Return the event with its deliveries and attempts, JSON-ready, or None if it is not in the environment."""
    event = Event.objects.select_related("type").filter(id=event_id, environment_id=environment_id).first()
    if event is None:
        return None
    entry = wire.read_tail(bytes(event.wire))
    return _told(event) | {
        "time": datetime.fromtimestamp(entry.time, tz=UTC),
        "resources": entry.resources,
        "detail": msgspec.Raw(entry.detail.encode()),
    }


def story_without_payload(event: Event) -> dict[str, Any]:
    """Return what `story_of` tells but for what was posted: that has a door of its own, `payloads.read_payload`."""
    return _told(event)


def _told(event: Event) -> dict[str, Any]:
    deliveries = [_shown(delivery) for delivery in deliveries_of([(event.id, event.tenant_id)])]
    return {
        "event_id": event.id,
        "id": event.caller_id,
        "tenant": _external_id(event.tenant_id),
        "type": event.type.name,
        "received_at": moment_of(event.id),
        "state": overall_state(event.disposition, [delivery["state"] for delivery in deliveries]),
        "deliveries": deliveries,
        "attempts": list(_attempts(event.id)),
    }


def _shown(delivery: Delivery) -> dict[str, Any]:
    assert delivery.state is not None
    state, reason = delivery.state
    return {
        "source": None if delivery.is_reserve else delivery.source,
        "name": delivery.name or None,
        "state": state,
        "reason": reason,
        "next_try_at": delivery.due_at if state == "retrying" else None,
        "message": delivery.dead_message,
    }


def _attempts(event_id: UUID) -> Iterator[dict[str, Any]]:
    for row in _rows(ATTEMPTS, [event_id, attempted_from(event_id)]):
        yield row | {"observed": OBSERVED[row["observed"]]}


def _external_id(tenant_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select external_id from tenants_tenant where id = %s", [tenant_id])
        return str(cursor.fetchone()[0])


def _rows(statement: str, parameters: Any) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))
