"""Drain rates: how many deliveries of a lane may be claimed now, where its source has a rate.

One row of a rated lane is written once a claim, by the publisher that holds the lane: the rate holds over processes
and restarts, costs nothing per event, and the other lanes nothing at all.
"""

from collections import Counter

import psycopg

from integrations.arrays import int4s
from integrations.cursors import binary_cursor

# A claim takes half a second's worth, and what was missed of the last half second is made up for: a publisher naps for
# as long as a second. So at most 1.5 times the rate flows in any second, and the rate in the long run.
ALLOWED = """
select source_id, greatest(per_second / 2, 1) from sources_drain
where source_id = any(%s) and next_at <= now()
"""
SPEND = """
update sources_drain d
set next_at = greatest(d.next_at, now() - interval '0.5 seconds') + x.claimed * interval '1 second' / d.per_second
from unnest(%s::int[], %s::int[]) as x(source_id, claimed) where d.source_id = x.source_id
"""


def allowances(connection: psycopg.Connection, source_ids: list[int]) -> dict[int, int]:
    """Return how many deliveries may be claimed of each of these locked lanes; those that have to wait are left out.

    A statement after the locking: the last holder of a lane may have spent what was there when it was listed.
    """
    with binary_cursor(connection) as cursor:
        return dict(cursor.execute(ALLOWED, [int4s(source_ids)]).fetchall())


def spend(connection: psycopg.Connection, claimed: Counter[int]) -> None:
    """Write down what was claimed: the next deliveries of these lanes may be claimed that much later."""
    if claimed:
        with binary_cursor(connection) as cursor:
            cursor.execute(SPEND, [int4s(list(claimed)), int4s(list(claimed.values()))])
