"""Withdrawal: takes what a cancelled replay has queued out of the queue again, dead letters back among the dead.

Only from lanes that no publisher works on: one that had read a delivery and then could not send it would write it back
into the queue, where nobody expects it any more.
"""

from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction

from integrations.locks import LANE_LOCK

AT_ONCE = 10_000  # deliveries; their lanes stand still while they are taken out
LANES_AT_ONCE = 200
PATIENCE = "2s"  # for the round of a publisher

LANES = """
select distinct source_id from (select source_id from retry where replay_id = %s limit %s) q order by source_id limit %s
"""
# Also waits in the queue of the lock, which a publisher that only tries does not overtake.
WAIT = "select pg_advisory_xact_lock(%s, %s)"
TRY = "select x from unnest(%s::int[]) x where pg_try_advisory_xact_lock(%s, x)"
# A dead letter comes back as it was: what AWS said since stands in the attempts.
TAKE_BACK = """
with gone as (
  delete from retry r using (
    select source_id, event_id from retry where replay_id = %(replay)s and source_id = any(%(lanes)s) limit %(limit)s) q
  where r.source_id = q.source_id and r.event_id = q.event_id
  returning r.source_id, r.event_id),
back as (
  insert into dead (source_id, event_id, at, code, tries, message)
  select d.source_id, d.event_id, d.at, d.code, d.tries, d.message from redriven d
  join gone g on g.source_id = d.source_id and g.event_id = d.event_id
  where d.replay_id = %(replay)s
  on conflict do nothing)
select count(*) from gone
"""


class Taken(NamedTuple):
    """How many deliveries were taken back, and whether there may be more."""

    deliveries: int
    left: bool


def withdraw(replay_id: int) -> Taken:
    """Take back a bounded part of what the replay has queued. Belongs into a transaction, whose end frees the lanes."""
    lanes = [lane for (lane,) in _rows(LANES, [replay_id, AT_ONCE, LANES_AT_ONCE])]
    if not lanes:
        return Taken(0, left=False)
    locked = [lane for (lane,) in _rows(TRY, [lanes, LANE_LOCK])] or _wait_for(lanes[0])
    if not locked:
        return Taken(0, left=True)
    # A statement of its own: what the last holder of the lane recorded has to be seen.
    ((count,),) = _rows(TAKE_BACK, {"replay": replay_id, "lanes": locked, "limit": AT_ONCE})
    return Taken(count, left=True)


def _wait_for(lane: int) -> list[int]:
    try:
        with transaction.atomic():
            _rows("select set_config('lock_timeout', %s, true)", [PATIENCE])
            _rows(WAIT, [LANE_LOCK, lane])
    except OperationalError:  # a long round; the next step waits again
        return []
    return [lane]


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
