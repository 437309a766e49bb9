"""How long an event waits: from its commit to AWS's acceptance, quiet, behind an open transaction, beside a backlog.

PostgreSQL notes when it commits (`track_commit_timestamp`, switched on for these scenarios alone); the stub notes when
it has read the entry. Both read the same clock.
"""

import contextlib
import time
from collections.abc import Iterator

from tests.benchmarks import load
from tests.benchmarks.installation import Installation
from tests.benchmarks.queues import CLOSED_FOR, TENANT, hold
from tests.benchmarks.reporting import say
from tests.benchmarks.results import Failed, Result, percentile
from tests.benchmarks.scenario import Bench, Report, Scenario, watched
from tests.benchmarks.side_process import SideProcess

POSTS_PER_SECOND = 25.0  # one event each, so that the publisher sleeps in between
SNAPSHOT_BODIES_PER_SECOND = 50.0
SNAPSHOT_BODY = 20
SNAPSHOT_WINDOWS = 5  # in the second half of the time
OTHERS_POSTS_PER_SECOND = 150.0
ACCEPTANCE_LIMIT = 60.0
HEAD_START = 1.0  # seconds that a backlog flows before the others are looked at
COMMITS = """
select id::text, extract(epoch from pg_xact_commit_timestamp(xmin)) from events
where id >= %s and tenant_id = any(select tenant_id from sources_source where id = any(%s))
"""


def note_commits(installation: Installation) -> None:
    """Restart PostgreSQL, and everything with it, so that it notes when it commits."""
    with installation.connect() as connection:
        connection.execute("alter system set track_commit_timestamp = on")
    installation.stack.stop()
    installation.stack.start()


def waits(bench: Bench, tenants: list[str], size: int, rate: float, **orders: float) -> list[tuple[float, float]]:
    """Post and return, by event, when it was committed (seconds since 1970) and for how many ms it then waited."""
    skipping = "" if TENANT in tenants else f"/{TENANT}/"
    since = _newest_id()
    with bench.installation.aws.behaving(logging=True, skipping=skipping):
        posted = load.post(bench.installation, bench.key, tenants, size, bodies_per_second=rate, **orders)
        accepted = _accepted_times(bench, posted.events)
    sources = [bench.sources[tenant] for tenant in tenants]
    commits = {id: float(at) for id, at in bench.connection.execute(COMMITS, [since, sources])}
    return [(commits[event], (at - commits[event]) * 1e3) for event, at in accepted.items()]


def _accepted_times(bench: Bench, events: int) -> dict[str, float]:
    deadline = time.monotonic() + ACCEPTANCE_LIMIT
    times: dict[str, float] = {}
    while len(times := bench.installation.aws.log() | times) < events:
        if time.monotonic() > deadline:
            raise Failed(f"{events - len(times)} of {events} events were not accepted in {ACCEPTANCE_LIMIT:.0f} s")
        time.sleep(0.05)
    return times


def _newest_id() -> str:
    """Return the lowest UUIDv7 of this moment."""
    digits = f"{int(time.time() * 1_000):012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"


def measure_quiet(bench: Bench, _wanted: frozenset[str], report: Report) -> None:
    """Single events with pauses, and bare boto3 calls with the same pauses, in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    foreign: list[float] = []
    for _ in range(bench.extent.latency_runs):
        median, others = watched(lambda: _boto3_call_ms(bench))
        theirs.append(median)
        median, more = watched(lambda: _quiet_ms(bench))
        ours.append(median)
        foreign.append(max(others, more))
        say(f"  from commit to acceptance {ours[-1]:.2f} ms, a boto3 call {theirs[-1]:.2f} ms")
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    report(Result("commit_to_accepted_p50_vs_boto3_call", "ratio", "lower", ratios, foreign=foreign))
    report(Result("commit_to_accepted_p50_ms", "ms", "lower", ours, foreign=foreign))
    report(Result("boto3_call_p50_ms", "ms", "lower", theirs, foreign=foreign))


def _quiet_ms(bench: Bench) -> float:
    found = waits(bench, bench.tenants[:1], 1, POSTS_PER_SECOND, events=bench.extent.latency_posts)
    return percentile([ms for _, ms in found], 0.5)


def _boto3_call_ms(bench: Bench) -> float:
    order = {"size": 1, "calls": bench.extent.latency_posts, "pause": 1 / POSTS_PER_SECOND}
    with SideProcess("tests.benchmarks.boto3_loop", order, bench.installation.environment) as loop:
        loop.go()
        return percentile(loop.answer()["milliseconds"], 0.5)


def measure_snapshot(bench: Bench, _wanted: frozenset[str], report: Report) -> None:
    """Post steadily while somebody's transaction stays open, which keeps vacuum off the queue tables."""
    seconds = bench.extent.snapshot_seconds
    with bench.installation.connect() as forgotten:
        forgotten.execute("set idle_in_transaction_session_timeout = 0")
        with forgotten.transaction():
            forgotten.execute("set transaction isolation level repeatable read")
            forgotten.execute("select txid_current(), (select count(*) from pending)")
            found, foreign = watched(
                lambda: waits(bench, bench.tenants, SNAPSHOT_BODY, SNAPSHOT_BODIES_PER_SECOND, seconds=seconds)
            )
    medians = [percentile(window, 0.5) for window in _windows(found)]
    note = f"the transaction was open for {seconds:.0f} s; medians of windows in the second half"
    report(Result("snapshot_p50_ms", "ms", "lower", medians, note, [foreign]))


def _windows(found: list[tuple[float, float]]) -> list[list[float]]:
    """Return the waits of the second half, in windows of equal length by the time of their commit."""
    begin, end = min(found)[0], max(found)[0]
    middle = (begin + end) / 2
    length = (end - middle) / SNAPSHOT_WINDOWS
    return [
        [ms for at, ms in found if middle + number * length <= at <= middle + (number + 1) * length]
        for number in range(SNAPSHOT_WINDOWS)
    ]


def measure_fairness(bench: Bench, _wanted: frozenset[str], report: Report) -> None:
    """The other tenants' 99th percentile while one tenant's huge backlog flows, and without one; in turn."""
    others = [tenant for tenant in bench.tenants if tenant != TENANT]
    backlog = bench.extent.fairness_backlog
    without, beside, foreign = [], [], []
    _make_backlog(bench, backlog)
    for _ in range(bench.extent.fairness_runs):
        found, share = watched(lambda: _others(bench, others))
        with _flowing_backlog(bench):
            loaded, more = watched(lambda: _others(bench, others))
            if not _waiting(bench):
                raise Failed(f"the backlog of {backlog:,} was gone before the others had been measured")
        without.append(percentile([ms for _, ms in found], 0.99))
        beside.append(percentile([ms for _, ms in loaded], 0.99))
        foreign.append(max(share, more))
        say(f"  others' p99: {without[-1]:.1f} ms without, {beside[-1]:.1f} ms beside a backlog of {backlog:,}")
    note = f"a backlog of {backlog:,} events"
    ratios = [one / other for one, other in zip(beside, without, strict=True)]
    report(Result("fairness_p99_ratio", "ratio", "lower", ratios, note, foreign))
    report(Result("fairness_p99_beside_backlog_ms", "ms", "lower", beside, note, foreign))
    bench.tidy()


def _make_backlog(bench: Bench, events: int) -> None:
    """Post the backlog behind a closed gate, and put its deliveries aside, so that each run finds all of it."""
    bench.set_gate(TENANT, "paused")
    time.sleep(CLOSED_FOR)
    hold(bench, events)
    bench.connection.execute("drop table if exists benchmark_backlog")
    bench.connection.execute("create table benchmark_backlog as select * from pending")
    bench.connection.execute("truncate pending")


@contextlib.contextmanager
def _flowing_backlog(bench: Bench) -> Iterator[None]:
    bench.connection.execute("insert into pending select * from benchmark_backlog order by source_id, event_id")
    bench.connection.execute("checkpoint")
    bench.set_gate(TENANT, "present")
    time.sleep(HEAD_START)
    yield
    bench.set_gate(TENANT, "paused")
    time.sleep(CLOSED_FOR)
    bench.connection.execute("truncate pending")


def _others(bench: Bench, others: list[str]) -> list[tuple[float, float]]:
    seconds = bench.extent.fairness_seconds
    return waits(bench, others, len(others), OTHERS_POSTS_PER_SECOND / len(others), seconds=seconds, connections=2)


def _waiting(bench: Bench) -> int:
    row = bench.connection.execute(
        "select count(*) from pending where source_id = %s", [bench.sources[TENANT]]
    ).fetchone()
    assert row is not None
    return int(row[0])


QUIET = Scenario(
    "latency",
    ("commit_to_accepted_p50_vs_boto3_call", "commit_to_accepted_p50_ms", "boto3_call_p50_ms"),
    measure_quiet,
)
SNAPSHOT = Scenario("snapshot", ("snapshot_p50_ms",), measure_snapshot)
FAIRNESS = Scenario("fairness", ("fairness_p99_ratio", "fairness_p99_beside_backlog_ms"), measure_fairness)
