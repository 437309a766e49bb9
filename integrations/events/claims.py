"""Claims: the deliveries that a publisher reads from its locked lanes for one round of calls."""

from collections import Counter

import msgspec
import psycopg

from integrations.arrays import int4s, uuids
from integrations.cursors import binary_cursor
from integrations.events import draining
from integrations.events.lanes import Floors, WorkingLane

LARGEST_CLAIM = 2_000  # deliveries a round
FIRST_CLAIM = 500  # before anything is known of their size
CLAIM_BYTES = 32_000_000
SMALLEST_CLAIM = 20  # one call's worth
RETRY_SHARE = 4  # a quarter of a round is kept for second tries where there are any, the rest for first tries

# The gate is read again here, in the statement that reads the rows: it may have closed since the lanes were listed.
FIRST_TRIES = """
select p.source_id, uuid_send(p.event_id)
from unnest(%s::int[], %s::uuid[]) as q(source_id, floor)
join sources_lane l on l.source_id = q.source_id and l.publishable
cross join lateral (
  select source_id, event_id from pending where source_id = q.source_id and event_id > q.floor
  order by event_id limit %s) p
"""
RETRIES = """
select r.source_id, uuid_send(r.event_id), r.tries, r.refusals, r.replay_id,
  coalesce(extract(epoch from now() - r.refused_since), 0)::float8
from unnest(%s::int[]) as q(source_id)
join sources_lane l on l.source_id = q.source_id and l.publishable
cross join lateral (
  select * from retry where source_id = q.source_id and due_at <= now() order by due_at limit %s) r
"""
# A statement of its own: a join would find the partition and descend its index anew for every row. What would go beyond
# CLAIM_BYTES comes without its tail, and its turn is later.
TAILS = """
select uuid_send(id), case when sum(octet_length(wire)) over (order by id) <= %s then wire end
from events where id = any(%s)
"""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One event for one source, about to be sent. `event_id` is 16 bytes; `tail` is None when the event is gone.

    `refused_for` is how many seconds ago AWS first refused it for itself.
    """

    lane: WorkingLane
    from_retry: bool
    event_id: bytes
    tail: bytes | None
    tries: int = 0
    refusals: int = 0
    replay_id: int | None = None
    refused_for: float = 0.0


class Claim(msgspec.Struct, frozen=True):
    """What was read for one round, and the lanes that had as much as their share or more."""

    deliveries: list[Delivery]
    filled: set[int]


def claim(connection: psycopg.Connection, lanes: list[WorkingLane], floors: Floors, size: int) -> Claim:
    """Read at most `size` deliveries of these locked lanes, each lane its fair share, oldest first.

    What a lane leaves of its share goes to those that have more. Lanes with a drain rate have what that allows.
    """
    free = [lane for lane in lanes if not lane.rated]
    rated = _rated(connection, [lane for lane in lanes if lane.rated], floors, size)
    if not free:
        return Claim(rated, set())
    size = max(size - len(rated), SMALLEST_CLAIM)
    trying_again = [lane for lane in free if lane.retries]
    room = size - size // RETRY_SHARE if trying_again else size
    first, filled = _first_tries(connection, free, floors, room)
    again = _retries(connection, trying_again, size - len(first)) if trying_again else []
    return Claim(rated + first + again, filled)


def _rated(connection: psycopg.Connection, lanes: list[WorkingLane], floors: Floors, size: int) -> list[Delivery]:
    """Read what lanes with a drain rate may have now: few lanes, so each for itself."""
    found: list[Delivery] = []
    allowed = draining.allowances(connection, [lane.source_id for lane in lanes]) if lanes else {}
    for lane in lanes:
        room = min(allowed.get(lane.source_id, 0), size - len(found))
        if room > 0:
            again = _retries(connection, [lane], max(1, room // RETRY_SHARE)) if lane.retries else []
            left = room - len(again)
            found += again + (_read(connection, [lane], [floors.of(lane.source_id)], left) if left else [])
    draining.spend(connection, Counter(delivery.lane.source_id for delivery in found))
    return found


def _first_tries(
    connection: psycopg.Connection, lanes: list[WorkingLane], floors: Floors, room: int
) -> tuple[list[Delivery], set[int]]:
    quota = max(1, room // len(lanes))
    found = _read(connection, lanes, [floors.of(lane.source_id) for lane in lanes], quota)[:room]
    last = {delivery.lane.source_id: delivery.event_id for delivery in found}
    counts = Counter(delivery.lane.source_id for delivery in found)
    full = [lane for lane in lanes if counts[lane.source_id] >= quota]
    left = (room - len(found)) // len(full) if full else 0
    if left:
        found += _read(connection, full, [last[lane.source_id] for lane in full], left)
    return found, {lane.source_id for lane in full}


def _read(connection: psycopg.Connection, lanes: list[WorkingLane], floors: list[bytes], quota: int) -> list[Delivery]:
    by_id = {lane.source_id: lane for lane in lanes}
    with binary_cursor(connection) as cursor:
        rows = cursor.execute(FIRST_TRIES, [int4s(list(by_id)), uuids(floors), quota], prepare=True).fetchall()
    tails, later = _tails(connection, {event_id for _, event_id in rows})
    return [
        Delivery(by_id[source_id], False, event_id, tails.get(event_id))
        for source_id, event_id in rows
        if event_id not in later
    ]


def _retries(connection: psycopg.Connection, lanes: list[WorkingLane], room: int) -> list[Delivery]:
    by_id = {lane.source_id: lane for lane in lanes}
    with binary_cursor(connection) as cursor:
        rows = cursor.execute(RETRIES, [int4s(list(by_id)), max(1, room // len(lanes))], prepare=True).fetchall()[:room]
    tails, later = _tails(connection, {row[1] for row in rows})
    return [Delivery(by_id[row[0]], True, row[1], tails.get(row[1]), *row[2:]) for row in rows if row[1] not in later]


def _tails(connection: psycopg.Connection, event_ids: set[bytes]) -> tuple[dict[bytes, bytes], set[bytes]]:
    """Return the tails by event id, and the events whose turn is later. An event in neither is gone."""
    with binary_cursor(connection) as cursor:
        found = dict(cursor.execute(TAILS, [CLAIM_BYTES, uuids(list(event_ids))], prepare=True).fetchall())
    later = {event_id for event_id, tail in found.items() if tail is None}
    return found, later


def next_size(claimed: list[Delivery]) -> int:
    """Return how many deliveries the next round may have, so that it stays near CLAIM_BYTES."""
    total = sum(len(delivery.tail or b"") for delivery in claimed)
    fitting = CLAIM_BYTES * len(claimed) // total if total else LARGEST_CLAIM
    return max(SMALLEST_CLAIM, min(fitting, LARGEST_CLAIM))
