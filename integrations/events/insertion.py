"""The statement that stores a body: ids, events and deliveries, all or nothing, each id once."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec
import psycopg
from django.conf import settings
from psycopg import sql

from integrations.arrays import byteas, int2s, int4s, int8s, texts, uuids
from integrations.cursors import binary_cursor
from integrations.events import event_types, storage
from integrations.events.idempotency import Weeks, weeks_at
from integrations.events.models import Event
from integrations.events.parsing import PostedEvent
from integrations.registration.models import Environment

MISSING_STORAGE = (psycopg.errors.UndefinedTable, psycopg.errors.CheckViolation)


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A checked event on its way into the store. Ids and keys are the 16 bytes of a UUID."""

    index: int
    event: PostedEvent
    event_id: bytes
    tenant_id: int
    key: bytes | None
    body: int
    source_ids: list[int]
    tail: bytes

    @property
    def disposition(self) -> int:
        return Event.Disposition.ROUTED if self.source_ids else Event.Disposition.FILTERED


# An event whose id another body holds appears in none of the later parts. Keys are inserted in their order: two bodies
# with the same ids in another order would deadlock.
INSERT = """
with posted as materialized (
  select * from unnest(%(ids)s::uuid[], %(tenants)s::int[], %(types)s::int[], %(dispositions)s::smallint[],
    %(callers)s::text[], %(wires)s::bytea[], %(keys)s::uuid[], %(bodies)s::bigint[])
    as t(id, tenant_id, type_id, disposition, caller_id, wire, key, body)
), {overlap} claimed as (
  insert into {current} (key, event_id, body) select key, id, body from {claimable} p
  where key is not null {not_earlier} order by key on conflict do nothing returning event_id
), fresh as (
  select event_id from claimed union all select id from posted where key is null
), stored as (
  insert into events (id, environment_id, tenant_id, type_id, disposition, caller_id, wire)
  select p.id, %(environment)s, p.tenant_id, p.type_id, p.disposition, p.caller_id, p.wire
  from posted p join fresh f on f.event_id = p.id
), delivered as (
  insert into pending (source_id, event_id) select d.source_id, d.event_id
  from unnest(%(sources)s::int[], %(deliveries)s::uuid[]) as d(source_id, event_id)
  join fresh f on f.event_id = d.event_id
)
select uuid_send(event_id) from fresh
"""
OVERLAP = """
overlapped as (
  insert into {overlapping} (key, event_id, body) select key, id, body from posted
  where key is not null order by key on conflict do nothing returning event_id
), admitted as (
  select p.* from posted p join overlapped o on o.event_id = p.id
),"""


def insert(
    connection: psycopg.Connection, environment: Environment, candidates: list[Candidate], now: datetime
) -> set[bytes]:
    """Store the candidates whose ids are new and return their event ids. Makes a missing partition or weekly table."""
    try:
        return _insert(connection, environment, candidates, now)
    except MISSING_STORAGE:
        storage.make_ahead(connection, now)
        return _insert(connection, environment, candidates, now)


@lru_cache(maxsize=4)
def _statement(weeks: Weeks) -> bytes:
    earlier = [week for week in weeks.earlier if week != weeks.overlapping]
    not_earlier = sql.SQL(" ").join(
        sql.SQL("and not exists (select 1 from {} e where e.key = p.key)").format(sql.Identifier(week))
        for week in earlier
    )
    overlap = (
        sql.SQL(OVERLAP).format(overlapping=sql.Identifier(weeks.overlapping)) if weeks.overlapping else sql.SQL("")
    )
    return (
        sql.SQL(INSERT)
        .format(
            overlap=overlap,
            current=sql.Identifier(weeks.current),
            claimable=sql.Identifier("admitted" if weeks.overlapping else "posted"),
            not_earlier=not_earlier,
        )
        .as_bytes()
    )


def _insert(
    connection: psycopg.Connection, environment: Environment, candidates: list[Candidate], now: datetime
) -> set[bytes]:
    types = event_types.ids_of(connection, {c.event.type for c in candidates})
    deliveries = [(source_id, c.event_id) for c in candidates for source_id in c.source_ids]
    parameters = {
        "environment": environment.pk,
        "ids": uuids([c.event_id for c in candidates]),
        "tenants": int4s([c.tenant_id for c in candidates]),
        "types": int4s([types[c.event.type] for c in candidates]),
        "dispositions": int2s([c.disposition for c in candidates]),
        "callers": texts([c.event.id for c in candidates]),
        "wires": byteas([c.tail for c in candidates]),
        "keys": uuids([c.key for c in candidates]),
        "bodies": int8s([c.body for c in candidates]),
        "sources": int4s([source_id for source_id, _ in deliveries]),
        "deliveries": uuids([event_id for _, event_id in deliveries]),
    }
    with binary_cursor(connection) as cursor:
        cursor.execute(_statement(weeks_at(now, settings.IDEMPOTENCY_DAYS)), parameters, prepare=True)
        return {event_id for (event_id,) in cursor.fetchall()}


def originals(connection: psycopg.Connection, keys: list[bytes], now: datetime) -> dict[bytes, tuple[UUID, int]]:
    """Read what the known ids stand for. A statement of its own: the one that met the conflict cannot see the row."""
    weeks = weeks_at(now, settings.IDEMPOTENCY_DAYS)
    union = sql.SQL(" union all ").join(
        sql.SQL("select uuid_send(key), event_id, body from {} where key = any(%(keys)s)").format(sql.Identifier(week))
        for week in (*reversed(weeks.earlier), weeks.current)
    )
    with binary_cursor(connection) as cursor:
        return {key: (event_id, body) for key, event_id, body in cursor.execute(union, {"keys": uuids(keys)})}
