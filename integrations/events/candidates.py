"""Candidates: the newest events that may answer a question, found with a bounded amount of work whatever is asked.

A state that few are in is looked up where those are kept: in the queues and among the dead letters. Everything else
goes through the events, newest first, and stops after a number of them that does not depend on how many there are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of
from tenants.models import Tenant

HIGHEST = UUID(int=2**128 - 1)
LOWEST = UUID(int=0)
MOST_IN_INDEX = 50_000  # events of a tenant that are looked at where its index says enough
MOST_ROWS = 20_000  # events that are looked at themselves
MOST_JUDGED = 5_000  # events for each of which a queue is asked
MOST_QUEUED = 1_000  # deliveries of a queue that are looked at
SMALL_TABLE = 4 * 1024 * 1024  # bytes: a queue up to this size is read whole rather than lane by lane
FEW_TENANTS = 10  # up to so many are searched one by one

# Tenants stand in the text as numbers: the planner has to know whether it is the one with half of all events.
STRETCH = "(select {columns} from events where {whose} id < %(below)s and id >= %(since)s order by id desc {part})"
STORED = "select id from ({stretches}) e where {filters} order by id desc limit %(wanted)s"
END = "select id from ({stretches}) e order by id desc limit 1"
# Together with where a search that found too little came to its end. `offset 0` keeps the search from being done for
# each mention of its ids; the end is looked up only if the case comes to it.
STORED_AND_END = """
select ids, case when cardinality(ids) < %(enough)s then ({end}) end from (select array({stored}) as ids offset 0) e
"""
SOURCES = """
select array_agg(s.id), max(a.last_accepted_at) from sources_source s left join activity a on a.source_id = s.id
where s.tenant_id = any(%(whose)s) and (%(source)s::bigint is null or s.id = %(source)s)
"""
ACTIVITY_LATE = timedelta(minutes=1)  # it is noted every two seconds, by a clock of its own

# `offset 0` keeps it from becoming a join with a whole queue.
NOT_QUEUED = "not exists (select from {} q where q.source_id = any(%(sources)s) and q.event_id = e.id offset 0)"
NOT_WAITING = " and ".join(("disposition = 0", *map(NOT_QUEUED.format, ("pending", "retry", "dead"))))
SETTLED_LATER = """
select z.event_id from settled z join sources_lane l on l.source_id = z.source_id
where z.event_id < %(below)s and z.event_id >= %(since)s and {scope} order by z.event_id desc limit %(wanted)s
"""

LANES = """
from sources_lane l left join registration_breaker b on b.environment_id = l.environment_id and b.region = l.region
left join registration_maintenance m on m.environment_id = l.environment_id and m.region = l.region
"""
SMALL = "select name from unnest(%s::text[]) as name where pg_relation_size(name::regclass) <= %s"
QUEUE_WHOLE = """
(select q.event_id, {code} as code {lanes} join {table} q on q.source_id = l.source_id
  where q.event_id < %(below)s and q.event_id >= %(since)s and {scope} and {gate}
  order by q.event_id desc limit %(most)s)
"""
QUEUE_BY_LANE = """
(select q.event_id, {code} as code {lanes} cross join lateral (
    select * from {table} where source_id = l.source_id and event_id < %(below)s and event_id >= %(since)s
    order by event_id desc limit %(most)s) q
  where {scope} and {gate} order by q.event_id desc limit %(most)s)
"""
QUEUED = "select event_id, code from ({queues}) q order by event_id desc limit %(most)s"
OF_TYPE = "select id from events where id = any(%(ids)s) and type_id = %(type)s"

OPEN, ANY = "(l.publishable and b.id is null and m.id is null)", "true"
CLOSED = "(b.id is not null or m.id is not null or not l.publishable)"
QUEUES: dict[str | None, list[tuple[str, str]]] = {
    "waiting": [("pending", OPEN)],
    "held": [("pending", CLOSED), ("retry", CLOSED)],
    "retrying": [("retry", OPEN)],
    "dead": [("dead", ANY)],
}
WITH_CODE = [("dead", ANY), ("retry", ANY)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which events are asked for: those to which all that is given applies.

    Whose: of one environment, of some tenants, or everybody's where both are None. `type_id` and `code_id` are keys of
    the dictionaries; one that no row has asks for nothing. `code` is the reason of a dead letter, or of the next try.
    """

    environment_id: int | None = None
    tenant_ids: tuple[int, ...] | None = None
    source: Source | None = None
    type_id: int | None = None
    state: str | None = None
    code_id: int | None = None
    caller_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ids, newest first, and the id below which the search goes on; None when nothing older is left."""

    ids: list[UUID]
    older: UUID | None


def newest(question: Question, *, below: UUID, wanted: int) -> Candidates:
    """Return up to `wanted` events that may be meant, from those whose id is below `below`."""
    bounds = {
        "below": min(below, lowest_uuid_of(question.until)) if question.until else below,
        "since": lowest_uuid_of(question.since) if question.since else LOWEST,
    }
    queues = _queues(question)
    if queues is None:
        return _stored(question, bounds, wanted)
    return _queued(question, queues, bounds, wanted) if queues else Candidates([], None)


def _queues(question: Question) -> list[tuple[str, str]] | None:
    """Return the tables in which alone the events can be, with a condition on their lanes; None if it is all events."""
    if question.code_id is None:
        return QUEUES.get(question.state)
    queues = WITH_CODE if question.state is None else QUEUES.get(question.state, [])
    return [(table, gate) for table, gate in queues if table != "pending"]


def _queued(question: Question, queues: list[tuple[str, str]], bounds: dict[str, UUID], wanted: int) -> Candidates:
    is_filtered = question.type_id is not None or question.code_id is not None
    most = max(wanted, MOST_QUEUED) if is_filtered else wanted
    whole = _small([table for table, _ in queues]) if _has_many_lanes(question) else ()
    branches = [
        (QUEUE_WHOLE if table in whole else QUEUE_BY_LANE).format(
            table=table,
            lanes=LANES,
            gate=gate,
            scope=_lanes_of(question),
            code="0" if table == "pending" else "q.code",
        )
        for table, gate in queues
    ]
    found = _rows(QUEUED.format(queues=" union all ".join(branches)), bounds | {"most": most} | _values(question))
    ids = [event_id for event_id, code in found if question.code_id in (None, code)]
    if question.type_id is not None:
        fitting = {event_id for (event_id,) in _rows(OF_TYPE, {"ids": ids, "type": question.type_id})}
        ids = [event_id for event_id in ids if event_id in fitting]
    return _cut(ids[:wanted], wanted, found[-1][0] if len(found) == most else None)


def _stored(question: Question, bounds: dict[str, UUID], wanted: int) -> Candidates:
    tenants = _searched_one_by_one(question)
    if tenants == []:
        return Candidates([], None)
    filters, columns, most = _filters(question, in_index=tenants is not None)
    values = _values(question)
    if question.state == "accepted" and tenants is not None:
        ((sources, last_accepted),) = _rows(SOURCES, {"whose": tenants, "source": values["source"]})
        values["sources"] = sources or []
        bounds["below"] = min(bounds["below"], _after(last_accepted))
    most = max(wanted, most // len(tenants or (0,))) if filters else wanted
    parameters = bounds | {"most": most, "wanted": wanted} | values
    stored = STORED.format(
        stretches=_stretches(tenants, columns, "limit %(most)s"), filters=" and ".join(filters) or "true"
    )
    if filters:
        ids, end = _with_end(stored, tenants, parameters)
    else:
        ids, end = _ids(stored, parameters), None
    if question.state == "settled":
        later = _ids(SETTLED_LATER.format(scope=_lanes_of(question)), parameters)
        ids = sorted({*ids, *later}, reverse=True)[:wanted]
    return _cut([event_id for event_id in ids if end is None or event_id >= end], wanted, end)


def _with_end(stored: str, tenants: list[int] | None, parameters: dict[str, Any]) -> tuple[list[UUID], UUID | None]:
    """Return what a search found and, unless it found enough, the last event that it looked at.

    The search of several tenants ends where that of the first of them does, whatever it found of the others.
    """
    wanted = parameters["wanted"]
    enough = wanted if len(tenants or (0,)) == 1 else wanted + 1
    end = END.format(stretches=_stretches(tenants, "id", "offset %(skipped)s limit 1"))
    values = parameters | {"skipped": parameters["most"] - 1, "enough": enough}
    ((ids, last),) = _rows(STORED_AND_END.format(stored=stored, end=end), values)
    return ids, last


def _stretches(tenants: list[int] | None, columns: str, part: str) -> str:
    """Return the newest events of each of these tenants, or of everybody."""
    whose = [""] if tenants is None else [f"tenant_id = {tenant:d} and" for tenant in tenants]
    return " union all ".join(STRETCH.format(columns=columns, whose=each, part=part) for each in whose)


def _filters(question: Question, *, in_index: bool) -> tuple[list[str], str, int]:
    """Return the conditions on scanned events, the columns that they need, and how many events may be scanned."""
    filters: list[str] = []
    rows: list[str] = []
    if not in_index and question.tenant_ids is not None:
        filters.append("tenant_id = any(%(tenants)s)")
    if not in_index and question.environment_id is not None:
        filters.append("environment_id = %(environment)s")
    if question.type_id is not None:
        filters.append("type_id = %(type)s")
    if question.caller_id is not None:
        rows.append("caller_id = %(caller)s")
    if question.state == "accepted":
        rows.append(NOT_WAITING if in_index else "disposition = 0")
    if question.state == "settled":
        rows.append("disposition <> 0")
    if in_index and not rows:
        return filters, "id, type_id", MOST_IN_INDEX
    most = MOST_JUDGED if question.state == "accepted" and in_index else MOST_ROWS
    return filters + rows, "id, environment_id, tenant_id, type_id, disposition, caller_id", most


def _searched_one_by_one(question: Question) -> list[int] | None:
    """Return the tenants of the question if they are few enough for a search each."""
    tenants = question.tenant_ids
    if question.source is not None:
        tenants = (question.source.tenant_id,)
    elif tenants is None and question.environment_id is not None:
        # An environment with few tenants may have few events among many: among everybody's they would not be found.
        directory = Tenant.objects.filter(directory__environment=question.environment_id)
        tenants = tuple(directory.values_list("pk", flat=True)[: FEW_TENANTS + 1])
    return sorted(tenants) if tenants is not None and len(tenants) <= FEW_TENANTS else None


def _after(last_accepted: datetime | None) -> UUID:
    """Return a bound: what was stored later than AWS last accepted something is not accepted."""
    return lowest_uuid_of(last_accepted + ACTIVITY_LATE) if last_accepted else LOWEST


def _lanes_of(question: Question) -> str:
    """Return the condition on the lanes `l` whose deliveries may be meant."""
    if question.source is not None:
        return "l.source_id = %(source)s"
    if question.tenant_ids is not None:
        return "l.source_id in (select id from sources_source where tenant_id = any(%(tenants)s))"
    return "l.environment_id = %(environment)s" if question.environment_id is not None else "true"


def _has_many_lanes(question: Question) -> bool:
    return question.source is None and question.tenant_ids is None


def _small(tables: list[str]) -> list[str]:
    found = _rows(SMALL, [tables, SMALL_TABLE])
    return [name for (name,) in found]


def _values(question: Question) -> dict[str, Any]:
    return {
        "environment": question.environment_id,
        "tenants": None if question.tenant_ids is None else list(question.tenant_ids),
        "source": question.source and question.source.pk,
        "type": question.type_id,
        "caller": question.caller_id,
    }


def _cut(ids: list[UUID], wanted: int, end: UUID | None) -> Candidates:
    """Return at most `wanted` of the ids. An event of two sources that is in a queue twice is one candidate."""
    return Candidates(list(dict.fromkeys(ids)), ids[-1] if len(ids) >= wanted else end)


def _ids(statement: str, parameters: Any) -> list[UUID]:
    return [event_id for (event_id,) in _rows(statement, parameters)]


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
