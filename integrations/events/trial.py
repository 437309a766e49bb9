"""The test event: a real event of its own type for one source alone, on the way that all events go."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from integrations.cursors import raw_connection
from integrations.events import storage, wire
from integrations.events.ingest import wake_publisher
from integrations.events.insertion import Candidate, insert
from integrations.events.parsing import PostedEvent
from integrations.sources.models import Source
from integrations.sources.row_locks import lock_source, refuse_deleted
from tenants import audit
from tenants.audit import Actor
from tenants.identifiers import text_of, uuid7s

TEST_TYPE = "partnerbus.test"
SENTENCE = "A test event. If a rule delivers it to you, the way from the provider to your targets works."


def send_test_event(*, source: Source, actor: Actor, now: datetime) -> UUID:
    """Store a test event for this source, whatever it selects, and return its id.

    It is sent like any other: at once while the gate is open, else when it opens. Raises Problem 409 `source_deleted`,
    and psycopg.OperationalError when the store is away or full.
    """
    if storage.missing_tables(raw_connection(), now):  # a failed statement would end the transaction below
        storage.make_ahead(raw_connection(), now)
    (event_id,) = uuid7s(1)
    with transaction.atomic():
        current = lock_source(source)
        refuse_deleted(current)
        insert(raw_connection(), current.environment, [_candidate(current, event_id, now)], now)
        audit.record(
            actor=actor,
            action="source:send_test_event",
            at=now,
            object_type="source",
            object_id=current.public_id,
            tenant=current.tenant,
            after={"event": text_of(event_id)},
        )
    wake_publisher(raw_connection())
    return UUID(bytes=event_id)


def _candidate(source: Source, event_id: bytes, now: datetime) -> Candidate:
    detail = {"message": SENTENCE, "source": source.name, "sent_at": now.isoformat()}
    event = PostedEvent(
        tenant=source.tenant.external_id,
        type=TEST_TYPE,
        detail=msgspec.json.encode(detail),
        id=None,
        time=now.timestamp(),
        resources=[],
    )
    return Candidate(
        index=0,
        event=event,
        event_id=event_id,
        tenant_id=source.tenant_id,
        key=None,
        body=wire.fingerprint(event),
        source_ids=[source.pk],
        tail=wire.tail_of(event, text_of(event_id), now.timestamp()),
    )
