"""Lanes: which sources have work that may be published, whose turn it is, and how far each was already read."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from integrations.events.session import LANE_LOCK
from tenants.identifiers import lowest_uuid_of

MAX_LANES = 200  # at most so many in one round: as many advisory locks
# A body may commit this long after its ids were made; later ones are found by the look without floor.
LATE_COMMIT = timedelta(seconds=3)
LOOK_WITHOUT_FLOOR = 30.0  # seconds
LOWEST = UUID(int=0)

WITH_WORK = """
select l.source_id, s.name, l.environment_id, l.region, s.observed, l.selection_since
from sources_lane l join sources_source s on s.id = l.source_id
left join unnest(%(sources)s::int[], %(floors)s::uuid[]) as f(source_id, floor) on f.source_id = l.source_id
where l.publishable and {breakers}
  and (exists (select 1 from pending p where p.source_id = l.source_id and p.event_id > coalesce(f.floor, %(lowest)s))
    or exists (select 1 from retry r where r.source_id = l.source_id and r.due_at <= now()))
"""
WITHOUT_BREAKER = """not exists (
    select 1 from registration_breaker b where b.environment_id = l.environment_id and b.region = l.region)"""
OF_ONE_REGION = "l.environment_id = %(environment)s and l.region = %(region)s"


@dataclass(frozen=True, slots=True)
class WorkingLane:
    """A lane with work: the source's name, where and for whom it is called, and what we know of the source."""

    source_id: int
    name: str
    environment_id: int
    region: str
    observed: str
    selection_since: datetime | None


class Floors:
    """Below its floor a lane has nothing left to read.

    Without it every scan of a lane walks its dead index entries for as long as any transaction stays open elsewhere,
    and publishing collapses within half a minute.
    """

    def __init__(self) -> None:
        self._floors: dict[int, UUID] = {}
        self._cleared_at = time.monotonic()

    def forget(self) -> None:
        """Look without floors next: after a gate or breaker opened, there may be work below them."""
        self._floors.clear()
        self._cleared_at = time.monotonic()

    def forget_if_due(self) -> None:
        """Look without floors once in 30 s, for bodies that committed late."""
        if time.monotonic() - self._cleared_at >= LOOK_WITHOUT_FLOOR:
            self.forget()

    def of(self, source_id: int) -> UUID:
        return self._floors.get(source_id, LOWEST)

    def raise_to(self, source_id: int, last_recorded: UUID) -> None:
        """Everything of this lane up to `last_recorded` was read in one claim and recorded."""
        self._floors[source_id] = min(last_recorded, lowest_uuid_of(datetime.now(UTC) - LATE_COMMIT))

    def as_arrays(self) -> tuple[list[int], list[UUID]]:
        return list(self._floors), list(self._floors.values())


def lanes_with_work(connection: psycopg.Connection, floors: Floors) -> list[WorkingLane]:
    """Return the publishable lanes that have something to send now and whose breaker is closed."""
    return _find(connection, WITHOUT_BREAKER, floors, {})


def lanes_to_probe(connection: psycopg.Connection, environment_id: int, region: str) -> list[WorkingLane]:
    """Return the lanes with work behind the breaker of one environment and region."""
    return _find(connection, OF_ONE_REGION, Floors(), {"environment": environment_id, "region": region})


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
    locked = connection.execute(
        "select x from unnest(%s::int[]) x where pg_try_advisory_lock(%s, x)", [list(by_id), LANE_LOCK]
    )
    return [by_id[source_id] for (source_id,) in locked]


def unlock(connection: psycopg.Connection, lanes: list[WorkingLane]) -> None:
    """Let the next publisher have the lanes: only after the outcomes are committed."""
    connection.execute(
        "select pg_advisory_unlock(%s, x) from unnest(%s::int[]) x", [LANE_LOCK, [lane.source_id for lane in lanes]]
    )


def _find(
    connection: psycopg.Connection, breakers: str, floors: Floors, parameters: dict[str, object]
) -> list[WorkingLane]:
    sources, values = floors.as_arrays()
    rows = connection.execute(
        WITH_WORK.format(breakers=breakers),
        {"sources": sources, "floors": values, "lowest": LOWEST, **parameters},
    )
    return [WorkingLane(*row) for row in rows]
