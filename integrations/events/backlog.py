"""How much waits, is held or is dead in the whole installation: for a page that looks every few seconds."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from integrations.events.queries import COUNT_LIMIT
from tenants.identifiers import moment_of

_OF_LANES = (
    "(select count(*) from (select from lanes l cross join lateral"
    " (select from {queue} q where q.source_id = l.source_id limit %(limit)s) x where {gate} limit %(limit)s) y)"
)
# From one lane that has something to the next, by the queue's key: of ten thousand most have nothing.
_BUSY = """
{queue}_of as (
  (select source_id from {queue} order by 1 limit 1) union all
  select next.source_id from {queue}_of before cross join lateral (
    select source_id from {queue} q where q.source_id > before.source_id order by 1 limit 1) next)
"""
# A look per busy lane into each queue, and each count ends at its limit.
BACKLOG = f"""
with recursive {_BUSY.format(queue="pending")}, {_BUSY.format(queue="retry")}, lanes as materialized (
  select l.source_id, l.publishable and b.id is null and m.id is null as open
  from (select source_id from pending_of union select source_id from retry_of) busy
  join sources_lane l using (source_id)
  left join registration_breaker b on b.environment_id = l.environment_id and b.region = l.region
  left join registration_maintenance m on m.environment_id = l.environment_id and m.region = l.region)
select
  {_OF_LANES.format(queue="pending", gate="l.open")} + {_OF_LANES.format(queue="retry", gate="l.open")},
  {_OF_LANES.format(queue="pending", gate="not l.open")} + {_OF_LANES.format(queue="retry", gate="not l.open")},
  (select count(*) from (select from dead limit %(limit)s) d),
  (select count(*) from (
    select from lanes l where not l.open and (
      exists (select from pending q where q.source_id = l.source_id)
      or exists (select from retry q where q.source_id = l.source_id))) h),
  (select p.event_id from lanes l cross join lateral (
    select event_id from pending where source_id = l.source_id order by event_id limit 1) p
  where l.open order by 1 limit 1)
"""  # noqa: S608 - names of this module


@dataclass(frozen=True, slots=True)
class Backlog:
    """Deliveries by what keeps them, counted to COUNT_LIMIT; `held_by` is the number of sources that hold any, and
    `oldest_waiting_at` when the oldest was stored that may be sent and was not yet tried."""

    waiting: int
    held: int
    dead: int
    held_by: int
    oldest_waiting_at: datetime | None


def backlog() -> Backlog:
    """Return what is queued now."""
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, {"limit": COUNT_LIMIT})
        waiting, held, dead, held_by, oldest = cursor.fetchone()
    since = moment_of(oldest) if oldest else None
    return Backlog(min(waiting, COUNT_LIMIT), min(held, COUNT_LIMIT), dead, held_by, since)
