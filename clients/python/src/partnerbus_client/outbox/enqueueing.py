"""Writing events into the outbox, in the transaction of the change that they report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from django.db import router, transaction

from partnerbus_client.events import Event

if TYPE_CHECKING:
    from partnerbus_client.outbox.models import OutboxEvent

INSERT_SIZE = 500


class OutsideTransaction(RuntimeError):
    """An event would have been stored apart from the change that it reports."""


def enqueue(
    *,
    tenant: str,
    type: str,
    detail: Mapping[str, Any] | str,
    id: str | None = None,
    time: datetime | None = None,
    resources: Iterable[str] = (),
    using: str | None = None,
    autocommit: bool = False,
) -> OutboxEvent:
    """Store an event in the surrounding transaction: it is sent if that commits, and never was if it rolls back.

    `time` is now if left out, and `detail` as for Event. Without a transaction it raises OutsideTransaction, unless
    `autocommit` says that there is nothing to be atomic with. Raises ValueError or TypeError as Event does.
    """
    event = Event(tenant, type, detail, id=id, time=time, resources=resources)
    [row] = enqueue_many([event], using=using, autocommit=autocommit)
    return row


def enqueue_many(events: Iterable[Event], *, using: str | None = None, autocommit: bool = False) -> list[OutboxEvent]:
    """Store many events as `enqueue` does, by few statements."""
    from partnerbus_client.outbox.models import OutboxEvent  # models exist only when Django's apps are loaded

    database = using or router.db_for_write(OutboxEvent)
    if not autocommit and not transaction.get_connection(database).in_atomic_block:
        raise OutsideTransaction(
            "enqueue belongs into the transaction of the change that it reports: with transaction.atomic(). "
            "Where there is no such change, pass autocommit=True."
        )
    rows = [_row_of(event) for event in events]
    stored: list[OutboxEvent] = OutboxEvent.objects.using(database).bulk_create(rows, batch_size=INSERT_SIZE)
    return stored


def _row_of(event: Event) -> OutboxEvent:
    from partnerbus_client.outbox.models import OutboxEvent

    return OutboxEvent(
        event_id=event.id,
        tenant=event.tenant,
        type=event.type,
        detail=event.detail,
        time=(event.time or datetime.now(timezone.utc)).isoformat(),
        resources=list(event.resources),
    )
