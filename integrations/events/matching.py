"""Matching: walks the deliveries that a filter means, a bounded stretch in each statement and none of them twice.

Dead letters come first, in the order of their key, then accepted deliveries in the order of their events. What is
queued already is in neither state, so it stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connection

from integrations.cursors import binary_cursor, raw_connection
from integrations.events.delivery_filter import ACCEPTED, DEAD, DOUBTFUL, DeliveryFilter
from integrations.events.models import Replay
from tenants.identifiers import lowest_uuid_of, moment_of

LAST_SOURCE = 2**31 - 1
NO_EVENT = UUID(int=0)
# Attempts are searched from an event's id on: the clock of ingest may be ahead of the publisher's by this much.
CLOCKS = timedelta(hours=1)

# The wall: the source's environment and tenant, never only what the caller names.
SOURCES = """s.environment_id = %(environment)s and (s.desired <> 'absent' or %(withdrawn)s)
    and (%(tenant)s::int is null or s.tenant_id = %(tenant)s) and (%(source)s::int is null or s.id = %(source)s)"""
OF_TYPE = "(%(type)s = '' or e.type_id = (select id from event_types where name = %(type)s))"
CODE = "(select id from outcome_codes where code = %(code)s)"

DEAD_LETTERS = f"""
with found as materialized (
  select s.id as source_id, d.event_id, d.missing, '{DEAD}' as state
  from sources_source s cross join lateral (
    select x.event_id, e.id is null as missing from dead x left join lateral (
      select e.id, e.type_id from events e
      where e.id = x.event_id and e.environment_id = s.environment_id and e.tenant_id = s.tenant_id limit 1) e on true
    where x.source_id = s.id and x.event_id >= %(from)s and x.event_id < %(until)s and x.at <= %(asked)s
      and (x.source_id, x.event_id) > (%(at_source)s, %(at_event)s)
      and (%(events)s::uuid[] is null or x.event_id = any(%(events)s))
      and (%(code)s = '' or x.code = {CODE}) and {OF_TYPE}
    order by x.event_id limit %(room)s) d
  where {SOURCES} and s.id >= %(at_source)s
  order by s.id, d.event_id limit %(room)s)
"""  # noqa: S608 - put together from the constants above
DEAD_END = """
, last as (select source_id, event_id from found order by source_id desc, event_id desc limit 1)
select (select count(*) from found), (select count(*) from found where missing), {done},
  (select count(*) from found) < %(room)s,
  coalesce((select source_id from last), 0), (select event_id from last)
"""

# The events are scanned before they are judged, so that a statement stays short where few of them fit. Lookups with a
# limit stay lookups, which the planner cannot turn into a scan of a queue that was analysed while it was empty.
ACCEPTED_DELIVERIES = f"""
with scanned as materialized (
  select e.id, e.tenant_id, e.environment_id = %(environment)s and {OF_TYPE} as fits from events e
  where e.id >= %(first)s and e.id < %(until)s
    and (%(owner)s::int is null or e.tenant_id = %(owner)s)
    and (%(events)s::uuid[] is null or e.id = any(%(events)s))
  order by e.id limit %(scan)s),
tried as (
  select a.source_id, a.event_id from attempts a
  where a.event_id = any(array(select id from scanned where fits)) and a.at >= %(since)s and a.at <= %(asked)s
  group by a.source_id, a.event_id
  having bool_or(a.code = 0) and (%(code)s = '' or bool_or(a.code = {CODE})) {{certainty}}),
found as materialized (
  select t.source_id, t.event_id, false as missing, '{ACCEPTED}' as state
  from tried t join scanned e on e.id = t.event_id cross join lateral (
    select 1 from sources_source s where s.id = t.source_id and s.tenant_id = e.tenant_id and {SOURCES} limit 1) s
  left join lateral (select 1 as row from retry r where r.source_id = t.source_id and r.event_id = t.event_id limit 1) r
    on true
  left join lateral (select 1 as row from dead d where d.source_id = t.source_id and d.event_id = t.event_id limit 1) d
    on true
  where r.row is null and d.row is null and (t.event_id, t.source_id) > (%(at_event)s, %(at_source)s)
  order by t.event_id, t.source_id limit %(room)s)
"""  # noqa: S608 - put together from the constants above
ACCEPTED_END = """
, last as (select source_id, event_id from found order by event_id desc, source_id desc limit 1),
full_up as (select count(*) = %(room)s as so from found)
select (select count(*) from found), 0, {done},
  not (select so from full_up) and (select count(*) from scanned) < %(scan)s,
  case when (select so from full_up) then (select source_id from last) else %(last_source)s end,
  case when (select so from full_up) then (select event_id from last)
       else (select id from scanned order by id desc limit 1) end
"""
# Between `confirmed_at` and `at` of a departure from ACTIVE nobody knows whether AWS dropped what it took, nor of what
# a publisher had in hand at that moment: its rounds are shorter than a minute.
NEVER_CERTAIN = """and not bool_or(a.code = 0 and a.observed = 3 and not exists (
    select 1 from sources_sourcechange c where c.source_id = a.source_id and c.field = 'observed'
      and c.before = 'active' and a.at > c.confirmed_at and a.at <= c.at + interval '1 minute'))"""
SAMPLE_END = """
select f.event_id, s.public_id, f.state from found f join sources_source s on s.id = f.source_id where not f.missing
order by f.event_id
"""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a walk is: everything up to this delivery has been handled."""

    walk: str
    source_id: int = 0
    event_id: UUID = NO_EVENT


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one statement found, how much of that it handled, and where to go on."""

    found: int
    missing: int
    done: int
    next: Position


class Sampled(NamedTuple):
    """One of the deliveries that a filter means."""

    event_id: UUID
    source: UUID
    state: str


def start_of(wanted: DeliveryFilter) -> Position:
    """Return where the walk of a filter begins."""
    return Position(Replay.Walk.DEAD if DEAD in wanted.states else Replay.Walk.ACCEPTED)


def walk(
    wanted: DeliveryFilter,
    position: Position,
    *,
    asked_at: datetime,
    scan: int,
    room: int,
    step: str = "",
    done: str = "0",
    **parameters: Any,
) -> Stretch:
    """Find the next deliveries behind the position, at most `room` of them in at most `scan` events.

    `step` are further common table expressions over `found`, `done` the expression that counts what they handled.
    Only what had its state at `asked_at` counts. Belongs into a transaction.
    """
    is_dead = position.walk == Replay.Walk.DEAD
    statement = _found(wanted, position) + step + (DEAD_END if is_dead else ACCEPTED_END).format(done=done)
    given = _parameters(wanted, position, asked_at) | {"scan": scan, "room": room, **parameters}
    with connection.wrap_database_errors, binary_cursor(raw_connection()) as cursor:
        _guide_the_planner(cursor, position)
        row = cursor.execute(statement.encode(), given, prepare=False).fetchone()
    assert row is not None
    found, missing, handled, is_over, source_id, event_id = row
    following = replace(position, source_id=source_id, event_id=event_id or position.event_id)
    return Stretch(found, missing, handled, _after(wanted, position) if is_over else following)


def sample(wanted: DeliveryFilter, position: Position, *, asked_at: datetime, scan: int, size: int) -> list[Sampled]:
    """Return the first deliveries of the stretch behind the position. Belongs into a transaction."""
    given = _parameters(wanted, position, asked_at) | {"scan": scan, "room": size}
    statement = _found(wanted, position) + SAMPLE_END
    with connection.wrap_database_errors, binary_cursor(raw_connection()) as cursor:
        _guide_the_planner(cursor, position)
        return [Sampled(*row) for row in cursor.execute(statement.encode(), given, prepare=False)]


def known_events(environment_id: int, events: Sequence[UUID]) -> set[UUID]:
    """Return those of the events that this environment has."""
    with connection.wrap_database_errors, binary_cursor(raw_connection()) as cursor:
        found = cursor.execute(
            "select id from events where id = any(%s) and environment_id = %s", [list(events), environment_id]
        )
        return {event_id for (event_id,) in found}


def _after(wanted: DeliveryFilter, position: Position) -> Position:
    """Return where to go on when a walk is over."""
    more = position.walk == Replay.Walk.DEAD and {ACCEPTED, DOUBTFUL} & set(wanted.states)
    return Position(Replay.Walk.ACCEPTED if more else Replay.Walk.OVER)


def _found(wanted: DeliveryFilter, position: Position) -> str:
    if position.walk == Replay.Walk.DEAD:
        return DEAD_LETTERS
    return ACCEPTED_DELIVERIES.format(certainty="" if ACCEPTED in wanted.states else NEVER_CERTAIN)


def _parameters(wanted: DeliveryFilter, position: Position, asked_at: datetime) -> dict[str, Any]:
    earliest = _lowest_id(wanted.received_from) if wanted.received_from else NO_EVENT
    first = max(earliest, position.event_id)
    until = min(filter(None, (wanted.received_until, asked_at)))
    tenant = wanted.tenant.pk if wanted.tenant else None
    return {
        "environment": wanted.environment.pk,
        "tenant": tenant,
        "owner": wanted.source.tenant_id if wanted.source else tenant,
        "source": wanted.source.pk if wanted.source else None,
        "events": None if wanted.events is None else list(wanted.events),
        "type": wanted.type,
        "code": wanted.code,
        "withdrawn": wanted.of_withdrawn_sources,
        "from": earliest,
        "first": first,
        "until": _lowest_id(until),
        "asked": asked_at,
        "since": moment_of(first) - CLOCKS,
        "at_source": position.source_id,
        "at_event": position.event_id,
        "last_source": LAST_SOURCE,
    }


def _lowest_id(moment: datetime) -> UUID:
    return lowest_uuid_of(max(moment, moment_of(NO_EVENT)))  # ids begin with 1970


def _guide_the_planner(cursor: psycopg.Cursor[Any], position: Position) -> None:
    """Take from it what is ruinous if its statistics are wrong.

    Never scan a day, or the dead, for a stretch of them; look dead letters up one by one, but hold the attempts of a
    stretch against its events at once and not each against each.
    """
    joins = ("hashjoin", "mergejoin") if position.walk == Replay.Walk.DEAD else ("nestloop",)
    for method in ("seqscan", "bitmapscan", *joins):
        cursor.execute(f"set local enable_{method} = off".encode())
