"""Storing posted events: durable before the caller hears of it, each id once, each event with a result of its own."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
import psycopg

from integrations.aws import limits
from integrations.cursors import binary_cursor
from integrations.events import wire
from integrations.events.idempotency import key_of
from integrations.events.insertion import Candidate, insert, originals
from integrations.events.parsing import PostedEvent, parse_event
from integrations.events.rejections import Rejection
from integrations.events.routing import Route, TenantRoutes, routes_of_tenants
from integrations.events.session import AWAKE_SECONDS, WORK_CHANNEL
from integrations.patterns import MatchTooCostly
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.reserve import reserve_for
from tenants.identifiers import text_of, uuid7s

# An older routing decision is not stored: a source may have been created or closed meanwhile.
ROUTING_SECONDS = 20.0
RETRY = {"Retry-After": "1"}

_awake_until = 0.0


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one posted event; `status` is stored, duplicate or rejected."""

    index: int
    id: str | None
    event_id: str | None
    status: str
    code: str | None = None
    message: str | None = None


def store_events(
    connection: psycopg.Connection, environment: Environment, raw_events: Sequence[bytes], now: datetime
) -> list[Result]:
    """Store what can be stored, wake a publisher, and return one result per event, in the order posted.

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
        raise Problem(503, "too_slow", "Judging this body took too long. Post fewer events at once.", headers=RETRY)
    _store(connection, environment, candidates, results, now)
    if any(result.status == "stored" for result in results.values()):
        # It is stored, and an error would have it posted again; beat wakes publishers too.
        with suppress(psycopg.Error):
            wake_publisher(connection)
    return [results[index] for index in range(len(raw_events))]


def _candidates(
    connection: psycopg.Connection,
    environment: Environment,
    parsed: list[tuple[int, PostedEvent]],
    results: dict[int, Result],
    now: datetime,
) -> list[Candidate]:
    tenants = _routed_tenants(connection, environment, {event.tenant for _, event in parsed})
    ids = uuid7s(len(parsed)) if parsed else []
    candidates = []
    received = now.timestamp()
    for (index, event), event_id in zip(parsed, ids, strict=True):
        try:
            candidates.append(_candidate(environment, index, event, event_id, tenants.get(event.tenant), received))
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
            if external_id in tenants and not tenants[external_id].routes:  # and that source is gone again
                raise Problem(503, "tenant_in_motion", "A tenant's sources are changing. Post again.", headers=RETRY)
    return tenants


def _candidate(
    environment: Environment,
    index: int,
    event: PostedEvent,
    event_id: bytes,
    tenant: TenantRoutes | None,
    received: float,
) -> Candidate:
    if tenant is None:
        raise Rejection("tenant_unknown", f"There is no tenant {event.tenant!r} in this environment; put it first.")
    tail = wire.tail_of(event, text_of(event_id), received)
    if wire.LONGEST_SOURCE_NAME + len(tail) > environment.max_request_bytes:
        _check_size(environment, event)
    return Candidate(
        index,
        event,
        event_id,
        tenant.tenant_id,
        None if event.id is None else key_of(environment.id, event.id),
        wire.fingerprint(event),
        [route.source_id for route in tenant.routes if route.selects_all or _selects(route, event)],
        tail,
    )


def _selects(route: Route, event: PostedEvent) -> bool:
    try:
        return route.selects(event)
    except MatchTooCostly:
        raise Rejection(
            "pattern_too_costly",
            "Holding this event against the pattern of a source takes too long. Simplify its nested arrays.",
        ) from None


def _check_size(environment: Environment, event: PostedEvent) -> None:
    """Refuse what no call could carry. The longest source name counts, because a source may be chosen later.

    Asked only where the entry is too long as it stands on the wire: keys, quotes and escapes add to what AWS counts.
    """
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
    candidates: list[Candidate],
    results: dict[int, Result],
    now: datetime,
) -> None:
    firsts, repeated = _without_repetitions(candidates)
    stored = insert(connection, environment, firsts, now) if firsts else set()
    for candidate in firsts:
        if candidate.event_id in stored:
            results[candidate.index] = _result(candidate, "stored")
    known = [candidate for candidate in firsts if candidate.event_id not in stored]
    firsts_known = originals(connection, [c.key for c in known if c.key is not None], now) if known else {}
    for candidate in known:
        assert candidate.key is not None
        original_id, body = firsts_known[candidate.key]
        results[candidate.index] = _duplicate(candidate, str(original_id), body)
    for candidate, first in repeated:
        original = results[first.index].event_id
        assert original is not None
        results[candidate.index] = _duplicate(candidate, original, first.body)


def _without_repetitions(
    candidates: list[Candidate],
) -> tuple[list[Candidate], list[tuple[Candidate, Candidate]]]:
    """Separate the first event of each id in this body from its repetitions."""
    firsts: dict[bytes, Candidate] = {}
    repeated = []
    for candidate in candidates:
        identity = candidate.key or candidate.event_id
        if identity in firsts:
            repeated.append((candidate, firsts[identity]))
        else:
            firsts[identity] = candidate
    return list(firsts.values()), repeated


def _result(candidate: Candidate, status: str) -> Result:
    return Result(candidate.index, candidate.event.id, text_of(candidate.event_id), status)


def _duplicate(candidate: Candidate, event_id: str, body: int) -> Result:
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


def wake_publisher(connection: psycopg.Connection) -> None:
    """Tell a sleeping publisher that there is work. After the commit, because NOTIFY inside it serialises commits.

    One that was found awake is not asked again for AWAKE_SECONDS: it looks once more that long after it fell asleep.
    """
    global _awake_until
    if time.monotonic() < _awake_until:
        return
    with binary_cursor(connection) as cursor:
        cursor.execute("select pg_notify(%s, '') from wake where sleeping", [WORK_CHANNEL], prepare=True)
        if cursor.fetchone() is None:
            _awake_until = time.monotonic() + AWAKE_SECONDS
