"""Samples: what the processes weigh, how the queue tables have grown, and how long events waited."""

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.benchmarks.installation import Installation
from tests.benchmarks.processor_time import Moment, _tree
from tests.benchmarks.results import Failed, percentile

PROCESSES = ("web", "worker")
TABLES = ("pending", "retry", "activity", "rollups", "heavy_lanes")
MOST_WAITS = 2_000  # events a sample whose wait is looked at
COMMITS = "select id::text, extract(epoch from pg_xact_commit_timestamp(xmin)) from events where id = any(%s::uuid[])"
TABLE_STATE = """
select relname, pg_total_relation_size(relid), n_dead_tup from pg_stat_user_tables where relname = any(%s)
"""
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Sample:
    """At `second` of the run: megabytes of memory by part, of disk and dead rows by table, and since the last sample
    the waits from commit to acceptance in ms, the bytes of log an event, the rate, and the cores that others used."""

    second: float
    memory: dict[str, float]
    disk: dict[str, float]
    dead_rows: dict[str, int]
    p50: float
    p99: float
    wal_per_event: float
    events_per_second: float
    foreign_cores: float


class Sampler:
    """Takes samples of an installation whose stub logs what it accepts."""

    def __init__(self, installation: Installation, connection: psycopg.Connection) -> None:
        self._installation = installation
        self._connection = connection
        self._began_at = self._last_at = time.monotonic()
        self._accepted = installation.aws.counts().accepted
        self._log_position = self._wal()
        self._moment = Moment.now()

    @property
    def second(self) -> float:
        return time.monotonic() - self._began_at

    def take(self) -> Sample:
        """Return a sample of the time since the last one. Raises Failed when nothing was accepted in it."""
        now = time.monotonic()
        waits = self._waits()
        accepted, position = self._installation.aws.counts().accepted, self._wal()
        events = accepted - self._accepted
        if not events or not waits:
            raise Failed(
                f"no event was accepted between second {self._last_at - self._began_at:.0f} and {self.second:.0f}"
            )
        tables = self._connection.execute(TABLE_STATE, [list(TABLES)]).fetchall()
        pids = self._installation.stack.status["pids"]
        sample = Sample(
            second=now - self._began_at,
            memory={part: resident(pids[part]) / MEGABYTE for part in PROCESSES},
            disk={name: size / MEGABYTE for name, size, _ in tables},
            dead_rows={name: dead for name, _, dead in tables},
            p50=percentile(waits, 0.5),
            p99=percentile(waits, 0.99),
            wal_per_event=(position - self._log_position) / events,
            events_per_second=events / (now - self._last_at),
            foreign_cores=self._moment.foreign_cores_since(),
        )
        self._last_at, self._accepted, self._log_position, self._moment = now, accepted, position, Moment.now()
        return sample

    def _waits(self) -> list[float]:
        log = self._installation.aws.log()
        chosen = list(log)[:: max(1, len(log) // MOST_WAITS)]
        rows = self._connection.execute(COMMITS, [chosen]).fetchall()
        return [(log[event] - float(committed)) * 1e3 for event, committed in rows]

    def _wal(self) -> int:
        row = self._connection.execute("select pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        assert row is not None
        return int(row[0])


def resident(pid: int) -> int:
    """Return the bytes of memory of a process and everything under it; what they share counts for each."""
    return sum(map(_resident, _tree(pid)))


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
