"""Claims: the deliveries that a publisher reads from its locked lanes for one round of calls."""

from dataclasses import dataclass
from uuid import UUID

import psycopg

from integrations.events.lanes import Floors, WorkingLane

LARGEST_CLAIM = 2_000  # deliveries a round
FIRST_CLAIM = 500  # before anything is known of their size
CLAIM_BYTES = 32_000_000
SMALLEST_CLAIM = 20  # one call's worth
RETRY_SHARE = 4  # a quarter of a round may be second tries, so that first tries never wait for them

# The gate is read again here, in the statement that reads the rows: it may have closed since the lanes were listed.
FIRST_TRIES = """
select p.source_id, p.event_id, e.wire, 0::smallint, 0::smallint, null::int
from unnest(%(sources)s::int[], %(floors)s::uuid[]) as q(source_id, floor)
join sources_lane l on l.source_id = q.source_id and l.publishable
cross join lateral (
  select source_id, event_id from pending where source_id = q.source_id and event_id > q.floor
  order by event_id limit %(quota)s) p
left join events e on e.id = p.event_id
"""
RETRIES = """
select r.source_id, r.event_id, e.wire, r.tries, r.refusals, r.replay_id
from unnest(%(sources)s::int[]) as q(source_id)
join sources_lane l on l.source_id = q.source_id and l.publishable
cross join lateral (
  select source_id, event_id, tries, refusals, replay_id from retry where source_id = q.source_id and due_at <= now()
  order by due_at limit %(quota)s) r
left join events e on e.id = r.event_id
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one source, about to be sent. `tail` is None when the event is not there any more."""

    lane: WorkingLane
    from_retry: bool
    event_id: UUID
    tail: bytes | None
    tries: int
    refusals: int
    replay_id: int | None


def claim(connection: psycopg.Connection, lanes: list[WorkingLane], floors: Floors, size: int) -> list[Delivery]:
    """Return at most `size` deliveries of these locked lanes, each lane its fair share, oldest first."""
    by_id = {lane.source_id: lane for lane in lanes}
    quota = max(1, size // len(lanes))
    parameters = {
        "sources": list(by_id),
        "floors": [floors.of(source_id) for source_id in by_id],
        "quota": quota,
    }
    retry_parameters = {"sources": list(by_id), "quota": max(1, quota // RETRY_SHARE)}
    with connection.cursor(binary=True) as cursor:
        first = [Delivery(by_id[row[0]], False, *row[1:]) for row in cursor.execute(FIRST_TRIES, parameters)]
        again = [Delivery(by_id[row[0]], True, *row[1:]) for row in cursor.execute(RETRIES, retry_parameters)]
    again = again[: max(1, size // RETRY_SHARE)]
    return first[: size - len(again)] + again


def next_size(claimed: list[Delivery]) -> int:
    """Return how many deliveries the next round may have, so that it stays near CLAIM_BYTES."""
    total = sum(len(delivery.tail or b"") for delivery in claimed)
    fitting = CLAIM_BYTES * len(claimed) // total if total else LARGEST_CLAIM
    return max(SMALLEST_CLAIM, min(fitting, LARGEST_CLAIM))
