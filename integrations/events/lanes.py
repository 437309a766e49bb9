"""Lanes: which sources have work that may be published, whose turn it is, and how far each was already read."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from integrations.arrays import Int4s, Uuids, int4s, uuids
from integrations.cursors import binary_cursor
from integrations.events import wire
from integrations.events.session import HEAVY_CHANNEL
from integrations.locks import LANE_LOCK
from tenants.identifiers import lowest_uuid_of

MAX_LANES = 200  # at most so many in one round: as many advisory locks
# A body may commit this long after its ids were made; later ones are found by the look without floor.
LATE_COMMIT = timedelta(seconds=3)
LOOK_WITHOUT_FLOOR = 30.0  # seconds
LOWEST = bytes(16)
LOWEST_UUID = UUID(bytes=LOWEST)

# Laterals with a limit, so that the planner cannot but look up each lane by its index, whatever it believes of tables
# that are analysed empty and then hold a million rows.
WITH_WORK = """
select l.source_id, s.name, l.environment_id, l.region, s.observed, l.selection_since, r.due is not null,
  h.source_id is not null, d.source_id is not null
from sources_lane l join sources_source s on s.id = l.source_id
left join unnest(%s::int[], %s::uuid[]) as f(source_id, floor) on f.source_id = l.source_id
left join heavy_lanes h on h.source_id = l.source_id
left join sources_drain d on d.source_id = l.source_id
left join lateral (
  select true as fresh from pending
  where source_id = l.source_id and event_id > coalesce(f.floor, %s::uuid) order by event_id limit 1) p on true
left join lateral (
  select true as due from retry where source_id = l.source_id and due_at <= now() order by due_at limit 1) r on true
where l.publishable and (p.fresh or r.due) and (d.next_at is null or d.next_at <= now()) and {where}
"""
WITHOUT_MAINTENANCE = """not exists (
    select 1 from registration_maintenance m where m.environment_id = l.environment_id and m.region = l.region)"""
WITHOUT_BREAKER = f"""not exists (
    select 1 from registration_breaker b where b.environment_id = l.environment_id and b.region = l.region)
  and {WITHOUT_MAINTENANCE}"""  # noqa: S608 - put together from the constants above
OF_ONE_REGION = f"l.environment_id = %s and l.region = %s and {WITHOUT_MAINTENANCE}"


class WorkingLane(msgspec.Struct, frozen=True):
    """A lane with work: the source's name, where and for whom it is called, and what we know of the source.

    `retries` says whether any second try is due; a heavy lane had more than its share of the last round; a rated one
    has a drain rate. `head` is what goes in front of each stored tail.
    """

    source_id: int
    name: str
    head: bytes
    environment_id: int
    region: str
    observed: str
    selection_since: datetime | None
    retries: bool
    heavy: bool
    rated: bool = False


class Floors:
    """Below its floor a lane has nothing left to read.

    Without it every scan of a lane walks its dead index entries for as long as any transaction stays open elsewhere,
    and publishing collapses within half a minute.
    """

    def __init__(self) -> None:
        self._floors: dict[int, bytes] = {}
        self._cleared_at = time.monotonic()

    def forget(self) -> None:
        """Look without floors next: after a gate or breaker opened, there may be work below them."""
        self._floors.clear()
        self._cleared_at = time.monotonic()

    def forget_if_due(self) -> None:
        """Look without floors once in 30 s, for bodies that committed late."""
        if time.monotonic() - self._cleared_at >= LOOK_WITHOUT_FLOOR:
            self.forget()

    def of(self, source_id: int) -> bytes:
        return self._floors.get(source_id, LOWEST)

    def raise_to(self, source_id: int, last_recorded: bytes) -> None:
        """Everything of this lane up to `last_recorded` was read in one claim and recorded."""
        self._floors[source_id] = min(last_recorded, lowest_uuid_of(datetime.now(UTC) - LATE_COMMIT).bytes)

    def as_arrays(self) -> tuple[Int4s, Uuids]:
        return int4s(list(self._floors)), uuids(list(self._floors.values()))


def lanes_with_work(connection: psycopg.Connection, floors: Floors) -> list[WorkingLane]:
    """Return the publishable lanes with something to send now, outside of breakers, maintenance and drain pauses."""
    return _find(connection, WITHOUT_BREAKER, floors)


def lanes_to_probe(connection: psycopg.Connection, environment_id: int, region: str) -> list[WorkingLane]:
    """Return the lanes with work behind the breaker of one environment and region."""
    return _find(connection, OF_ONE_REGION, Floors(), environment_id, region)


def breakers_to_probe(connection: psycopg.Connection) -> list[tuple[int, str]]:
    """Return (environment id, region) of the open breakers whose next try is due."""
    return connection.execute(
        "select environment_id, region from registration_breaker where retry_at <= now()"
    ).fetchall()


def lock(connection: psycopg.Connection, lanes: list[WorkingLane]) -> list[WorkingLane]:
    """Lock the lanes that no other publisher holds and return them.

    A statement of its own: rows read by the statement that locks would be as old as its snapshot, which is older than
    the lock, and what the previous holder has just recorded would be sent again.
    """
    by_id = {lane.source_id: lane for lane in lanes[:MAX_LANES]}
    with binary_cursor(connection) as cursor:
        locked = cursor.execute(
            "select x from unnest(%s::int[]) x where pg_try_advisory_lock(%s, x)",
            [int4s(list(by_id)), LANE_LOCK],
            prepare=True,
        )
        return [by_id[source_id] for (source_id,) in locked]


def unlock(connection: psycopg.Connection, lanes: list[WorkingLane]) -> None:
    """Let the next publisher have the lanes: only after the outcomes are committed."""
    with binary_cursor(connection) as cursor:
        cursor.execute(
            "select pg_advisory_unlock(%s, x) from unnest(%s::int[]) x",
            [LANE_LOCK, int4s([lane.source_id for lane in lanes])],
            prepare=True,
        )


def mark_heavy(connection: psycopg.Connection, heavy: set[int], light: set[int]) -> None:
    """Note which lanes had more than their share of a round, and which no longer have."""
    if light:
        connection.execute("delete from heavy_lanes where source_id = any(%s)", [int4s(sorted(light))])
    if heavy:
        connection.execute(
            "insert into heavy_lanes select unnest(%s::int[]) on conflict do nothing", [int4s(sorted(heavy))]
        )
        connection.execute("select pg_notify(%s, '')", [HEAVY_CHANNEL])


def _find(connection: psycopg.Connection, where: str, floors: Floors, *parameters: object) -> list[WorkingLane]:
    sources, values = floors.as_arrays()
    with binary_cursor(connection) as cursor:
        rows = cursor.execute(WITH_WORK.format(where=where), [sources, values, LOWEST_UUID, *parameters], prepare=True)
        return [WorkingLane(source_id, name, wire.head_of(name), *rest) for source_id, name, *rest in rows]
