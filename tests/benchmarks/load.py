"""Runs of load against an installation: posted, accepted and recorded, with what it cost."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import count
from uuid import uuid4

import psycopg

from tests.benchmarks.installation import Installation, database_time, recorded_since
from tests.benchmarks.posting import Order, Posted
from tests.benchmarks.processor_time import Moment
from tests.benchmarks.results import Failed, percentile
from tests.benchmarks.side_process import SideProcess

ACCEPTANCE_LIMIT = 300.0
_prefixes = (f"{uuid4().hex[:8]}{number}" for number in count())


@dataclass(frozen=True)
class Run:
    """A run whose every event was recorded as accepted. Rates are those of the whole run, its end included."""

    events: int
    posts: int
    seconds: float
    posting_seconds: float
    backlog: int
    post_p50_ms: float
    post_p99_ms: float
    wal_bytes: int
    entry_bytes: int
    processor: Mapping[str, float]  # seconds of each part
    foreign_cores: float

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us_per_event(self) -> float:
        """Processor time of everything, stub and load generator included."""
        return sum(self.processor.values()) / self.events * 1e6

    def account(self) -> str:
        """Return a line of what stands beside the rate."""
        micro = {name: seconds / self.events * 1e6 for name, seconds in self.processor.items()}
        costs = " ".join(f"{name} {cost:.1f}" for name, cost in micro.items() if cost >= 0.05)
        return (
            f"posted {self.events / self.posting_seconds:,.0f}/s, {self.backlog:,} not yet accepted at its end; "
            f"post p50 {self.post_p50_ms:.1f} ms, p99 {self.post_p99_ms:.1f} ms; CPU us/event: {costs}, "
            f"sum {self.cpu_us_per_event:.1f}"
        )


def post(installation: Installation, key: str, tenants: list[str], size: int, **orders: float) -> Posted:
    """Post as ordered (see `Order`). Raises Failed when any event was not stored."""
    host, port = installation.address.split(":")
    order = Order(host, int(port), key, next(_prefixes), tenants, size, **orders)  # type: ignore[arg-type]
    with SideProcess("tests.benchmarks.posting", asdict(order), installation.environment) as side:
        side.go()
        posted = Posted(**side.answer())
    if posted.errors:
        raise Failed(f"{posted.errors} of {len(posted.milliseconds)} posts were not stored: {posted.first_error}")
    return posted


def run(
    installation: Installation, connection: psycopg.Connection, key: str, tenants: list[str], size: int, **orders: float
) -> Run:
    """Post, wait until everything is recorded as accepted, and return what it took.

    Raises Failed when something was not stored, lost, or accepted twice.
    """
    connection.execute("checkpoint")  # or the pages written anew after one would fall into any run
    before, moment, processor = installation.aws.counts(), Moment.now(), installation.processor_seconds()
    since, log_position = database_time(connection), _log_position(connection)
    posted = post(installation, key, tenants, size, stub_port=installation.aws.port, **orders)
    backlog = posted.events - (installation.aws.counts().accepted - before.accepted)
    installation.aws.wait_for(before.accepted + posted.events, ACCEPTANCE_LIMIT)
    ended = installation.wait_until_recorded(connection)
    after, used = installation.aws.counts(), installation.processor_seconds()
    foreign = moment.foreign_cores_since()
    check_recorded(connection, since, posted.events)
    return Run(
        events=posted.events,
        posts=len(posted.milliseconds),
        seconds=ended - posted.began,
        posting_seconds=posted.ended - posted.began,
        backlog=backlog,
        post_p50_ms=percentile(posted.milliseconds, 0.5),
        post_p99_ms=percentile(posted.milliseconds, 0.99),
        wal_bytes=_log_position(connection) - log_position,
        entry_bytes=after.entry_bytes - before.entry_bytes,
        processor={
            **{name: used[name] - processor.get(name, 0.0) for name in used},
            "load": posted.processor_seconds,
        },
        foreign_cores=foreign,
    )


def check_recorded(connection: psycopg.Connection, since: object, events: int) -> None:
    """Raise Failed unless exactly so many acceptances were recorded since then."""
    recorded = recorded_since(connection, since)
    if recorded != events:
        raise Failed(f"{events:,} events were to be accepted once, {recorded:,} acceptances were recorded")


def warm_up(installation: Installation, connection: psycopg.Connection, key: str, tenants: list[str]) -> None:
    """Post a little, so that no run pays for first connections, prepared statements and imports."""
    before = installation.aws.counts().accepted
    events = sum(
        post(installation, key, tenants, size, connections=8, seconds=1.5, stub_port=installation.aws.port).events
        for size in (1, 100)
    )
    installation.aws.wait_for(before + events, ACCEPTANCE_LIMIT)
    installation.wait_until_recorded(connection)
    time.sleep(0.5)


def _log_position(connection: psycopg.Connection) -> int:
    row = connection.execute("select pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    assert row is not None
    return int(row[0])
