"""Back-pressure: ingest refuses early when publishing is far behind or the store grows too large.

The post that comes first after some seconds measures, in each process on its own, and the others pay nothing for it.
What cannot be measured lets events in: a slow answer about the load must not make it an outage.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

import psycopg
import structlog
from django.conf import settings

from integrations.problems import Problem

EVERY_SECONDS = 5.0
STATEMENT_MILLISECONDS = 250
# Pages of the queue that are read where it has more: some 45,000 deliveries, which tell all of them within a fifth.
SAMPLE_PAGES = 300
DELIVERIES_A_PAGE = 157  # at most: 8 kB by 52 bytes

SIZES = "select pg_relation_size('pending') / current_setting('block_size')::int, {store}"
STORE = "pg_database_size(current_database())"
# Held work does not count, it is bounded by its age. Nor does `retry`: replays wait there on purpose.
WAITING = """
select l.environment_id, sum(p.waiting)::bigint
from (select source_id, count(*) as waiting from pending tablesample system (%(percent)s) group by 1) p
join sources_lane l on l.source_id = p.source_id where l.publishable and not exists (
  select from registration_maintenance m where m.environment_id = l.environment_id and m.region = l.region) group by 1
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits to be published, estimated, by environment id; and the bytes of the database, 0 if unlimited."""

    waiting: Mapping[int, int] = field(default_factory=dict)
    store_bytes: int = 0

    @property
    def total(self) -> int:
        return sum(self.waiting.values())

    def is_too_far_behind(self, environment_id: int) -> bool:
        """Of an installation that is, only those environments that have more than an equal share of the limit."""
        limit: int = settings.MAX_WAITING_EVENTS
        if not limit or self.total <= limit:
            return False
        return self.waiting.get(environment_id, 0) > limit / len(self.waiting)

    @property
    def fills_the_store(self) -> bool:
        limit: int = settings.MAX_STORE_BYTES
        return 0 < limit < self.store_bytes


def measure(connection: psycopg.Connection) -> Load:
    """Ask the database, for a moment at most. Raises psycopg.Error.

    A queue that is too short for its limit by its size on disk is not looked into: `waiting` is empty then.
    """
    limit = settings.MAX_WAITING_EVENTS
    with connection.transaction(force_rollback=True):  # which takes the time-out back too
        connection.execute(f"set local statement_timeout = {STATEMENT_MILLISECONDS}")
        store = STORE if settings.MAX_STORE_BYTES else "0"
        pages, store_bytes = connection.execute(SIZES.format(store=store)).fetchone() or (0, 0)
        if not limit or pages * DELIVERIES_A_PAGE <= limit:
            return Load(store_bytes=store_bytes)
        share = min(1.0, SAMPLE_PAGES / pages)
        counted = connection.execute(WAITING, {"percent": share * 100}).fetchall()
    return Load({environment_id: round(count / share) for environment_id, count in counted}, store_bytes)


class BackPressure:
    """The last measurement of this process."""

    def __init__(self) -> None:
        self._load = Load()
        self._due_at = 0.0
        self._measuring = Lock()

    def load(self, connection: psycopg.Connection) -> Load:
        """Return what was measured last, and measure again when that is old and nobody else is at it."""
        if time.monotonic() >= self._due_at and self._measuring.acquire(blocking=False):
            try:
                self._load = measure(connection)
            except psycopg.Error as error:
                self._load = Load()
                log.warning("the backlog could not be measured", error=str(error))
            finally:
                self._due_at = time.monotonic() + EVERY_SECONDS
                self._measuring.release()
        return self._load


_pressure = BackPressure()


def check_backlog(connection: psycopg.Connection, environment_id: int) -> None:
    """Raise Problem 429 when too much of this environment waits to be published, 507 when the store is too large."""
    load = _pressure.load(connection)
    if load.fills_the_store:
        raise Problem(
            507,
            "store_full",
            f"The database has reached MAX_STORE_BYTES ({settings.MAX_STORE_BYTES}). Nothing was stored.",
            headers={"Retry-After": "60"},
        )
    if load.is_too_far_behind(environment_id):
        raise Problem(
            429,
            "backlog_full",
            "More events wait to be published than MAX_WAITING_EVENTS allows. Nothing was stored: post the same body "
            "again after the seconds that Retry-After names.",
            headers={"Retry-After": "5"},
        )
