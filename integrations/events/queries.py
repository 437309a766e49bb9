"""What pages and the API ask of the event path: bounded questions with indexes behind them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from integrations.events.candidates import Question
from integrations.events.listing import EventRow, list_events
from integrations.locks import SLOT_LOCK
from tenants.identifiers import moment_of

# Counting stops here: a page says "100,000+" rather than walk a backlog of millions.
COUNT_LIMIT = 100_000

COUNTERS = """
select s.id, l.publishable and not exists (
    select 1 from registration_breaker b where b.environment_id = s.environment_id and b.region = s.region)
  and not exists (
    select 1 from registration_maintenance m where m.environment_id = s.environment_id and m.region = s.region) as open,
  (select count(*) from (select 1 from pending p where p.source_id = s.id limit %(limit)s) x) as pending,
  (select count(*) from (select 1 from retry r where r.source_id = s.id limit %(limit)s) x) as retrying,
  (select count(*) from (select 1 from dead d where d.source_id = s.id limit %(limit)s) x) as dead,
  (select event_id from pending p where p.source_id = s.id order by event_id limit 1) as oldest_pending,
  (select event_id from retry r where r.source_id = s.id order by event_id limit 1) as oldest_retrying,
  a.last_accepted_at
from sources_source s join sources_lane l on l.source_id = s.id left join activity a on a.source_id = s.id
where s.id = any(%(sources)s)
"""

OLDEST_WAITING = """
select p.event_id from sources_lane l cross join lateral (
  select event_id from pending where source_id = l.source_id order by event_id limit 1) p
where l.publishable and not exists (
  select from registration_breaker b where b.environment_id = l.environment_id and b.region = l.region)
and not exists (
  select from registration_maintenance m where m.environment_id = l.environment_id and m.region = l.region)
order by 1 limit 1
"""
# Each publisher holds one slot for the life of its session.
PUBLISHERS_AT_WORK = """
select count(*) from pg_locks where locktype = 'advisory' and classid = %s and granted
  and database = (select oid from pg_database where datname = current_database())
"""


@dataclass(frozen=True, slots=True)
class Counters:
    """The queue of one source; counts stop at COUNT_LIMIT."""

    waiting: int = 0
    held: int = 0
    dead: int = 0
    oldest_waiting_at: datetime | None = None
    last_accepted_at: datetime | None = None


def counters_of(source_ids: list[int]) -> dict[int, Counters]:
    """Return the counters of these sources by id. What is retried counts as waiting, behind a closed gate as held."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS, {"sources": source_ids, "limit": COUNT_LIMIT})
        return {source_id: _counters(*row) for source_id, *row in cursor.fetchall()}


def _counters(
    is_open: bool,
    pending: int,
    retrying: int,
    dead: int,
    oldest_pending: UUID | None,
    oldest_retrying: UUID | None,
    last_accepted_at: datetime | None,
) -> Counters:
    queued = min(pending + retrying, COUNT_LIMIT)
    oldest = min((event_id for event_id in (oldest_pending, oldest_retrying) if event_id), default=None)
    return Counters(
        waiting=queued if is_open else 0,
        held=0 if is_open else queued,
        dead=dead,
        oldest_waiting_at=moment_of(oldest) if oldest else None,
        last_accepted_at=last_accepted_at,
    )


def latest_events(*, tenant_ids: list[int] | None, limit: int) -> list[EventRow]:
    """Return the newest events, newest first: of these tenants, or of all for None."""
    tenants = None if tenant_ids is None else tuple(tenant_ids)
    return list_events(Question(tenant_ids=tenants), limit=limit).rows


def oldest_waiting_at() -> datetime | None:
    """Return when the oldest delivery that may be published and was not yet tried was stored.

    One look per lane, so its time grows with the sources and not with the events.
    """
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_WAITING)
        row = cursor.fetchone()
    return moment_of(row[0]) if row else None


def publishers_at_work() -> int:
    """Return how many publishers hold a slot."""
    with connection.cursor() as cursor:
        cursor.execute(PUBLISHERS_AT_WORK, [SLOT_LOCK])
        return int(cursor.fetchone()[0])
