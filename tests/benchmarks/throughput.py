"""The comparison: Partnerbus and the baselines one after the other, round after round, on the same stub and cores."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks import load
from tests.benchmarks.baselines import BaselineRun, boto3_loops, celery_per_event, celery_worker
from tests.benchmarks.load import Run
from tests.benchmarks.reporting import say
from tests.benchmarks.results import Better, Failed, Result
from tests.benchmarks.scenario import Bench, Report, Scenario

SLOW_AWS = 0.020  # seconds until the stub answers, in the runs whose name says so
CONNECTIONS = {100: 4, 20: 8, 1: 8}

Runs = dict[str, list[Run | BaselineRun]]


@dataclass(frozen=True)
class Contender:
    """One of those that are compared."""

    name: str
    measure: Callable[[Bench], Run | BaselineRun]
    slow: bool = False


def _partnerbus(size: int) -> Callable[[Bench], Run]:
    def measure(bench: Bench) -> Run:
        seconds, connections = bench.extent.load_seconds, CONNECTIONS[size]
        place = (bench.installation, bench.connection, bench.key, bench.tenants)
        return load.run(*place, size, seconds=seconds, connections=connections)

    return measure


def _boto3(size: int, *, on_every_core: bool = False) -> Callable[[Bench], BaselineRun]:
    return lambda bench: boto3_loops(bench, size, bench.extent.baseline_seconds, on_every_core=on_every_core)


def _celery(bench: Bench) -> BaselineRun:
    return celery_per_event(bench, bench.extent.celery_seconds)


CONTENDERS = (
    Contender("boto3x1", _boto3(1)),
    Contender("boto3x20", _boto3(20)),
    Contender("boto3x20_on_every_core", _boto3(20, on_every_core=True)),
    Contender("celery_per_event", _celery),
    Contender("full100", _partnerbus(100)),
    Contender("full20", _partnerbus(20)),
    Contender("single", _partnerbus(1)),
    Contender("boto3x1_with_20ms", _boto3(1), slow=True),
    Contender("boto3x20_with_20ms", _boto3(20), slow=True),
    Contender("celery_per_event_with_20ms", _celery, slow=True),
    Contender("full100_with_20ms", _partnerbus(100), slow=True),
)


@dataclass(frozen=True)
class Finding:
    """A result, and the contenders whose runs it is made of."""

    id: str
    of: tuple[str, ...]
    unit: str
    better: Better
    number: Callable[..., float]


def _rate(run: Run | BaselineRun) -> float:
    return run.events_per_second


def _rate_of(name: str, id: str, unit: str = "events/s") -> Finding:
    return Finding(id, (name,), unit, "higher", _rate)


def _ratio_of(one: str, other: str) -> Finding:
    return Finding(f"{one}_vs_{other}", (one, other), "ratio", "higher", lambda a, b: _rate(a) / _rate(b))


FINDINGS = (
    _ratio_of("full100", "boto3x20"),
    _ratio_of("full100", "boto3x20_on_every_core"),
    _ratio_of("full100", "celery_per_event"),
    _ratio_of("full100", "boto3x1"),
    _rate_of("full100", "full100_events_per_s"),
    _rate_of("full20", "full20_events_per_s"),
    _rate_of("single", "single_requests_per_s", "requests/s"),
    _rate_of("boto3x1", "boto3x1_events_per_s"),
    _rate_of("boto3x20", "boto3x20_events_per_s"),
    _rate_of("boto3x20_on_every_core", "boto3x20_on_every_core_events_per_s"),
    _rate_of("celery_per_event", "celery_per_event_events_per_s"),
    _ratio_of("full100_with_20ms", "boto3x20_with_20ms"),
    _ratio_of("full100_with_20ms", "celery_per_event_with_20ms"),
    _rate_of("full100_with_20ms", "full100_with_20ms_events_per_s"),
    _rate_of("boto3x1_with_20ms", "boto3x1_with_20ms_events_per_s"),
    _rate_of("boto3x20_with_20ms", "boto3x20_with_20ms_events_per_s"),
    _rate_of("celery_per_event_with_20ms", "celery_per_event_with_20ms_events_per_s"),
    Finding("wal_bytes_per_wire_byte", ("full100",), "ratio", "lower", lambda run: run.wal_bytes / run.entry_bytes),
    Finding("full100_cpu_us_per_event", ("full100",), "us", "lower", lambda run: run.cpu_us_per_event),
    Finding("post100_p50_ms", ("full100",), "ms", "lower", lambda run: run.post_p50_ms),
    Finding("post100_p99_ms", ("full100",), "ms", "lower", lambda run: run.post_p99_ms),
    Finding("post1_p50_ms", ("single",), "ms", "lower", lambda run: run.post_p50_ms),
    Finding("post1_p99_ms", ("single",), "ms", "lower", lambda run: run.post_p99_ms),
)


def measure(bench: Bench, wanted: frozenset[str], report: Report) -> None:
    """Run every contender that is needed once a round, in the same order. Raises Failed at the end for what failed."""
    findings = [finding for finding in FINDINGS if finding.id in wanted]
    needed = {name for finding in findings for name in finding.of}
    contenders = [contender for contender in CONTENDERS if contender.name in needed]
    runs: Runs = {contender.name: [] for contender in contenders}
    failures: dict[str, str] = {}
    with _worker_if(bench, contenders):
        for number in range(bench.extent.rounds):
            for contender in contenders:
                if contender.name not in failures:
                    _measure_one(bench, contender, number, runs, failures)
    for finding in findings:
        if not failures.keys() & set(finding.of):
            report(_result(finding, runs))
    if failures:
        raise Failed("; ".join(f"{name}: {why}" for name, why in failures.items()))


def _measure_one(bench: Bench, contender: Contender, number: int, runs: Runs, failures: dict[str, str]) -> None:
    orders = {"latency": SLOW_AWS} if contender.slow else {}
    try:
        with bench.installation.aws.behaving(**orders):
            run = contender.measure(bench)
    except (Failed, OSError) as error:
        failures[contender.name] = str(error)
        say(f"  round {number + 1}  {contender.name}: failed: {error}")
        bench.tidy()
        return
    runs[contender.name].append(run)
    say(
        f"  round {number + 1}  {contender.name:27} {run.events_per_second:9,.0f}/s  others {run.foreign_cores:.2f} "
        f"cores  {run.account()}"
    )


def _worker_if(bench: Bench, contenders: list[Contender]) -> contextlib.AbstractContextManager[None]:
    needs_it = any(contender.measure is _celery for contender in contenders)
    return celery_worker(bench) if needs_it else contextlib.nullcontext()


def _result(finding: Finding, runs: Runs) -> Result:
    beside = [runs[name] for name in finding.of]
    numbers = [finding.number(*each) for each in zip(*beside, strict=True)]
    foreign = [max(run.foreign_cores for run in each) for each in zip(*beside, strict=True)]
    return Result(finding.id, finding.unit, finding.better, numbers, foreign=foreign)


SCENARIO = Scenario("throughput", tuple(finding.id for finding in FINDINGS), measure)
