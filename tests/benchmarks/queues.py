"""How fast a queue empties: held events once their gate opens, and accepted ones that are replayed."""

import time
from datetime import UTC, datetime, timedelta

from tests.benchmarks import load
from tests.benchmarks.installation import database_time
from tests.benchmarks.reporting import say
from tests.benchmarks.results import Result
from tests.benchmarks.scenario import Bench, Report, Scenario, watched

TENANT = "t0"
CLOSED_FOR = 1.0  # seconds until what was claimed before the gate closed is surely sent
REPLAY_LIMIT = 600.0


def measure_draining(bench: Bench, _wanted: frozenset[str], report: Report) -> None:
    """Hold events behind a closed gate, open it, and count until the last acceptance is recorded."""
    runs = [watched(lambda: _drain(bench)) for _ in range(bench.extent.queue_runs)]
    rates, foreign = zip(*runs, strict=True)
    report(Result("drain_held_events_per_s", "events/s", "higher", rates, foreign=foreign))


def _drain(bench: Bench) -> float:
    events = bench.extent.queue_events
    bench.set_gate(TENANT, "paused")
    time.sleep(CLOSED_FOR)
    hold(bench, events)
    bench.connection.execute("checkpoint")
    before, since = bench.installation.aws.counts().accepted, database_time(bench.connection)
    opened = bench.set_gate(TENANT, "present")
    bench.installation.aws.wait_for(before + events, REPLAY_LIMIT)
    rate = events / (bench.installation.wait_until_recorded(bench.connection) - opened)
    load.check_recorded(bench.connection, since, events)
    say(f"  {events:,} held events drained at {rate:,.0f}/s")
    return rate


def hold(bench: Bench, events: int) -> None:
    """Post so many events for the tenant whose gate is closed."""
    if events > 0:
        load.post(bench.installation, bench.key, [TENANT], 1_000, connections=4, events=events)


def measure_replaying(bench: Bench, _wanted: frozenset[str], report: Report) -> None:
    """Replay a tenant's accepted events by a filter, and count from the request to the last recorded acceptance."""
    began = datetime.now(UTC)
    events = bench.extent.queue_events
    load.run(bench.installation, bench.connection, bench.key, [TENANT], 1_000, connections=4, events=events)
    chosen = {"tenant": TENANT, "from": _text(began), "to": _text(datetime.now(UTC) + timedelta(seconds=1))}
    runs = [watched(lambda: _replay(bench, chosen)) for _ in range(bench.extent.queue_runs)]
    rates, foreign = zip(*runs, strict=True)
    report(Result("replay_events_per_s", "events/s", "higher", rates, foreign=foreign))


def _replay(bench: Bench, chosen: dict[str, str]) -> float:
    events = bench.extent.queue_events
    bench.connection.execute("checkpoint")
    before, since = bench.installation.aws.counts().accepted, database_time(bench.connection)
    began = time.monotonic()
    bench.installation.call(bench.key, "POST", "/replays", chosen)
    bench.installation.aws.wait_for(before + events, REPLAY_LIMIT)
    rate = events / (bench.installation.wait_until_recorded(bench.connection) - began)
    load.check_recorded(bench.connection, since, events)
    say(f"  {events:,} accepted events replayed at {rate:,.0f}/s")
    return rate


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


DRAINING = Scenario("draining", ("drain_held_events_per_s",), measure_draining)
REPLAYING = Scenario("replaying", ("replay_events_per_s",), measure_replaying)
