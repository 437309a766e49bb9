"""Storing posted events: durable before the caller hears of it, each id once, each event with a result of its own."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from django.conf import settings
from psycopg import sql

from integrations.aws import limits
from integrations.events import event_types, storage, wire
from integrations.events.cursors import binary_cursor
from integrations.events.idempotency import Weeks, key_of, weeks_at
from integrations.events.models import Event
from integrations.events.parsing import PostedEvent, parse_event
from integrations.events.rejections import Rejection
from integrations.events.routing import Route, TenantRoutes, routes_of_tenants
from integrations.registration.models import Environment
from integrations.sources.reserve import reserve_for
from tenants.identifiers import uuid7s

# A routing decision older than this is made again: a source may have been created or closed meanwhile.
ROUTING_SECONDS = 5.0
MISSING_STORAGE = (psycopg.errors.UndefinedTable, psycopg.errors.CheckViolation)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one posted event; `status` is stored, duplicate or rejected."""

    index: int
    id: str | None
    event_id: UUID | None
    status: str
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A checked event on its way into the store."""

    index: int
    event: PostedEvent
    event_id: UUID
    tenant_id: int
    key: UUID | None
    body: int
    source_ids: list[int]
    tail: bytes

    @property
    def disposition(self) -> int:
        return Event.Disposition.ROUTED if self.source_ids else Event.Disposition.FILTERED


def store_events(
    connection: psycopg.Connection, environment: Environment, raw_events: Sequence[bytes], now: datetime
) -> list[Result]:
    """Store what can be stored and return one result per event, in the order posted, after the commit.

    `connection` must be in autocommit. Raises psycopg.OperationalError when the database is away or full; then nothing
    of this body is stored, or all of it and the caller's repetition finds duplicates.
    """
    results: dict[int, Result] = {}
    parsed: list[tuple[int, PostedEvent]] = []
    for index, raw in enumerate(raw_events):
        try:
            parsed.append((index, parse_event(raw)))
        except Rejection as rejection:
            results[index] = Result(index, None, None, "rejected", rejection.code, rejection.message)
    routed_at = time.monotonic()
    candidates = _candidates(connection, environment, parsed, results, now)
    if time.monotonic() - routed_at > ROUTING_SECONDS:
        candidates = _candidates(connection, environment, parsed, results, now)
    _store(connection, environment, candidates, results, now)
    return [results[index] for index in range(len(raw_events))]


def _candidates(
    connection: psycopg.Connection,
    environment: Environment,
    parsed: list[tuple[int, PostedEvent]],
    results: dict[int, Result],
    now: datetime,
) -> list[_Candidate]:
    tenants = _routed_tenants(connection, environment, {event.tenant for _, event in parsed})
    ids = uuid7s(len(parsed)) if parsed else []
    candidates = []
    for (index, event), event_id in zip(parsed, ids, strict=True):
        try:
            candidates.append(_candidate(environment, index, event, event_id, tenants.get(event.tenant), now))
        except Rejection as rejection:
            results[index] = Result(index, event.id, None, "rejected", rejection.code, rejection.message)
    return candidates


def _routed_tenants(
    connection: psycopg.Connection, environment: Environment, external_ids: set[str]
) -> dict[str, TenantRoutes]:
    """Return the tenants with at least one route each: a tenant without a source gets its reserve here."""
    tenants = routes_of_tenants(connection, environment.directory_id, external_ids)
    without = [external_id for external_id, tenant in tenants.items() if not tenant.routes]
    for external_id in without:
        reserve = reserve_for(tenant_id=tenants[external_id].tenant_id)
        if reserve is not None:
            tenants[external_id].routes.append(Route(reserve.pk))
        else:  # a source was created, or the tenant closed, since we looked
            tenants.pop(external_id)
            tenants |= routes_of_tenants(connection, environment.directory_id, [external_id])
    return tenants


def _candidate(
    environment: Environment,
    index: int,
    event: PostedEvent,
    event_id: UUID,
    tenant: TenantRoutes | None,
    now: datetime,
) -> _Candidate:
    if tenant is None:
        raise Rejection("tenant_unknown", f"There is no tenant {event.tenant!r} in this environment; put it first.")
    _check_size(environment, event)
    return _Candidate(
        index=index,
        event=event,
        event_id=event_id,
        tenant_id=tenant.tenant_id,
        key=None if event.id is None else key_of(environment.pk, event.id),
        body=wire.fingerprint(event),
        source_ids=[route.source_id for route in tenant.routes if route.selects(event)],
        tail=wire.tail_of(event, event_id, now.timestamp()),
    )


def _check_size(environment: Environment, event: PostedEvent) -> None:
    """Refuse what no call could carry. The longest source name counts, because a source may be chosen later."""
    urn = wire.URN + "0" * 36
    size = wire.LONGEST_SOURCE_NAME + limits.entry_size("", event.type, event.detail, [*event.resources, urn], True)
    if size > environment.max_request_bytes:
        raise Rejection(
            "event_too_large",
            f"The event counts {size} bytes with its source name, a call to AWS carries "
            f"{environment.max_request_bytes}. Make its detail smaller, for example by a link to the rest.",
        )


def _store(
    connection: psycopg.Connection,
    environment: Environment,
    candidates: list[_Candidate],
    results: dict[int, Result],
    now: datetime,
) -> None:
    firsts, repeated = _without_repetitions(candidates)
    stored = _insert_with_storage(connection, environment, firsts, now) if firsts else set()
    for candidate in firsts:
        if candidate.event_id in stored:
            results[candidate.index] = _result(candidate, "stored")
    known = [candidate for candidate in firsts if candidate.event_id not in stored]
    originals = _originals(connection, [c.key for c in known if c.key is not None], now) if known else {}
    for candidate in known:
        assert candidate.key is not None
        results[candidate.index] = _duplicate(candidate, *originals[candidate.key])
    for candidate, first in repeated:
        original = results[first.index].event_id
        assert original is not None
        results[candidate.index] = _duplicate(candidate, original, first.body)


def _without_repetitions(
    candidates: list[_Candidate],
) -> tuple[list[_Candidate], list[tuple[_Candidate, _Candidate]]]:
    """Separate the first event of each id in this body from its repetitions."""
    firsts: dict[UUID, _Candidate] = {}
    repeated = []
    for candidate in candidates:
        identity = candidate.key or candidate.event_id
        if identity in firsts:
            repeated.append((candidate, firsts[identity]))
        else:
            firsts[identity] = candidate
    return list(firsts.values()), repeated


def _result(candidate: _Candidate, status: str) -> Result:
    return Result(candidate.index, candidate.event.id, candidate.event_id, status)


def _duplicate(candidate: _Candidate, event_id: UUID, body: int) -> Result:
    if body == candidate.body:
        return Result(candidate.index, candidate.event.id, event_id, "duplicate")
    return Result(
        candidate.index,
        candidate.event.id,
        event_id,
        "duplicate",
        "id_reused",
        "This id was posted before with other content. The first one stands; give a new event a new id.",
    )


def _insert_with_storage(
    connection: psycopg.Connection, environment: Environment, candidates: list[_Candidate], now: datetime
) -> set[UUID]:
    try:
        return _insert(connection, environment, candidates, now)
    except MISSING_STORAGE:
        storage.make_ahead(connection, now)
        return _insert(connection, environment, candidates, now)


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
select event_id from fresh
"""
OVERLAP = """
overlapped as (
  insert into {overlapping} (key, event_id, body) select key, id, body from posted
  where key is not null order by key on conflict do nothing returning event_id
), admitted as (
  select p.* from posted p join overlapped o on o.event_id = p.id
),"""


def _statement(weeks: Weeks) -> sql.Composed:
    earlier = [week for week in weeks.earlier if week != weeks.overlapping]
    not_earlier = sql.SQL(" ").join(
        sql.SQL("and not exists (select 1 from {} e where e.key = p.key)").format(sql.Identifier(week))
        for week in earlier
    )
    overlap = (
        sql.SQL(OVERLAP).format(overlapping=sql.Identifier(weeks.overlapping)) if weeks.overlapping else sql.SQL("")
    )
    return sql.SQL(INSERT).format(
        overlap=overlap,
        current=sql.Identifier(weeks.current),
        claimable=sql.Identifier("admitted" if weeks.overlapping else "posted"),
        not_earlier=not_earlier,
    )


def _insert(
    connection: psycopg.Connection, environment: Environment, candidates: list[_Candidate], now: datetime
) -> set[UUID]:
    types = event_types.ids_of(connection, {c.event.type for c in candidates})
    deliveries = [(source_id, c.event_id) for c in candidates for source_id in c.source_ids]
    parameters = {
        "environment": environment.pk,
        "ids": [c.event_id for c in candidates],
        "tenants": [c.tenant_id for c in candidates],
        "types": [types[c.event.type] for c in candidates],
        "dispositions": [int(c.disposition) for c in candidates],
        "callers": [c.event.id for c in candidates],
        "wires": [c.tail for c in candidates],
        "keys": [c.key for c in candidates],
        "bodies": [c.body for c in candidates],
        "sources": [source_id for source_id, _ in deliveries],
        "deliveries": [event_id for _, event_id in deliveries],
    }
    statement = _statement(weeks_at(now, settings.IDEMPOTENCY_DAYS))
    with binary_cursor(connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return {event_id for (event_id,) in cursor.fetchall()}


def _originals(connection: psycopg.Connection, keys: list[UUID], now: datetime) -> dict[UUID, tuple[UUID, int]]:
    """Read what the known ids stand for. A statement of its own: the one that met the conflict cannot see the row."""
    weeks = weeks_at(now, settings.IDEMPOTENCY_DAYS)
    union = sql.SQL(" union all ").join(
        sql.SQL("select key, event_id, body from {} where key = any(%(keys)s)").format(sql.Identifier(week))
        for week in (*reversed(weeks.earlier), weeks.current)
    )
    return {key: (event_id, body) for key, event_id, body in connection.execute(union, {"keys": keys})}


def wake_publisher(connection: psycopg.Connection) -> None:
    """Tell a sleeping publisher that there is work. After the commit, because NOTIFY inside it serialises commits."""
    with binary_cursor(connection) as cursor:
        cursor.execute("select pg_notify('partnerbus_work', '') from wake where sleeping", prepare=True)
