"""`python -m tests.benchmarks [--write-readme]`; BENCH says how much (full, quick, trial), BENCH_ONLY which ids."""

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher import LaunchError
from launcher.configuration import ROOT
from tests.benchmarks import (
    aws,
    installation,
    large_pages,
    latency,
    machine,
    pattern_matches,
    queues,
    sending_cost,
    throughput,
)
from tests.benchmarks.aws import Aws
from tests.benchmarks.extent import Extent, chosen
from tests.benchmarks.processor_time import Moment
from tests.benchmarks.reporting import say, table, warning, write_json, write_readme
from tests.benchmarks.results import Failed, Result
from tests.benchmarks.scenario import Bench, Report, Scenario

BEFORE_RESTART = (throughput.SCENARIO, sending_cost.SCENARIO, queues.DRAINING, queues.REPLAYING)
AFTER_RESTART = (latency.QUIET, latency.SNAPSHOT, latency.FAIRNESS)
# What needs no installation, or one of its own.
APART: Mapping[str, tuple[str, ...]] = {"patterns": ("pattern_matches_per_s",), "large pages": large_pages.IDS}
QUIET_SECONDS = 2.0


@dataclass
class Notebook:
    """What was found, and what could not be."""

    wanted: frozenset[str]
    results: list[Result] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def report(self, result: Result) -> None:
        if result.id in self.wanted:
            self.results.append(result)

    def attempt(self, name: str, ids: Sequence[str], measure: Callable[[Report], None]) -> bool:
        """Measure unless none of the ids is wanted; note and survive any failure. Return whether it went well."""
        if not self.wanted & set(ids):
            return True
        began = time.monotonic()
        say(f"\n{name}")
        try:
            measure(self.report)
        except Exception as error:
            if not isinstance(error, Failed | LaunchError):
                say(traceback.format_exc())
            self.failures[name] = f"{error}" or type(error).__name__
            say(f"  FAILED: {self.failures[name]}")
            return False
        say(f"  {time.monotonic() - began:.0f} s")
        return True


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return 0 when everything that was asked for was measured, 1 when something failed, 2 for a wrong question."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--write-readme", action="store_true", help="put the results into README.md")
    parser.add_argument("--output", type=Path, default=ROOT / "bench.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    try:
        extent, notebook = chosen(environment), Notebook(_wanted(environment))
    except ValueError as error:
        say(str(error))
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a terminated run stops its stack too
    began = time.monotonic()
    try:
        described = measure_all(extent, notebook)
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return 130
    order = {id: place for place, id in enumerate(known_ids())}
    notebook.results.sort(key=lambda result: order[result.id])
    seconds = time.monotonic() - began
    write_json(options.output, described, extent.name, seconds, notebook.results, notebook.failures)
    say(f"\n{table(notebook.results)}\n\n{machine.line(described)}\n{seconds:.0f} s; written to {options.output}")
    for name, why in notebook.failures.items():
        say(f"FAILED  {name}: {why}")
    if options.write_readme and not notebook.failures:
        write_readme(ROOT / "README.md", described, extent.name, notebook.results)
    return 1 if notebook.failures else 0


def measure_all(extent: Extent, notebook: Notebook) -> dict[str, Any]:
    """Measure what is wanted and return the machine's description."""
    foreign = _foreign_cores()
    say(f"Benchmarks, {extent.name}.")
    if words := warning(foreign):
        say(f"WARNING: {words}")
    described = {**machine.describe(), "foreign_cores_at_start": round(foreign, 2)}
    say(machine.line(described))
    with aws.standing_in() as stub:
        if _needs_installation(notebook):
            described |= _measure_installed(stub, extent, notebook)
        notebook.attempt("patterns", APART["patterns"], lambda report: pattern_matches.measure_all(extent, report))
        notebook.attempt("large pages", APART["large pages"], lambda report: large_pages.measure(stub, extent, report))
    return described


def _measure_installed(stub: Aws, extent: Extent, notebook: Notebook) -> dict[str, Any]:
    with installation.running(stub) as installed:
        with installed.connect() as connection:
            described = machine.describe_database(connection, installed.stack.data.path)
            if described["filesystem"] in machine.IN_MEMORY:
                say("WARNING: the database lies in memory; nothing that is measured here is durable.")
            made = Bench.register(installed, connection, extent)
            _play(made, BEFORE_RESTART, notebook)
        if notebook.wanted & {id for scenario in AFTER_RESTART for id in scenario.ids}:
            latency.note_commits(installed)
            with installed.connect() as connection:
                again = Bench(installed, connection, extent, made.key, made.sources)
                again.warm_up()
                _play(again, AFTER_RESTART, notebook)
    return described


def _play(bench: Bench, scenarios: Sequence[Scenario], notebook: Notebook) -> None:
    for scenario in scenarios:
        measure = scenario.measure
        if not notebook.attempt(
            scenario.name, scenario.ids, lambda report, measure=measure: measure(bench, notebook.wanted, report)
        ):
            bench.tidy()


def known_ids() -> list[str]:
    """Return every id that can be asked for, in the order of the report."""
    installed = [id for scenario in (*BEFORE_RESTART, *AFTER_RESTART) for id in scenario.ids]
    return installed + [id for ids in APART.values() for id in ids]


def _wanted(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the ids of BENCH_ONLY, or all. Raises ValueError for one that nobody measures."""
    chosen_ids = {id.strip() for id in environment.get("BENCH_ONLY", "").split(",") if id.strip()}
    if unknown := chosen_ids - set(known_ids()):
        raise ValueError(f"BENCH_ONLY names {', '.join(sorted(unknown))}; there are: {', '.join(known_ids())}.")
    return frozenset(chosen_ids or known_ids())


def _needs_installation(notebook: Notebook) -> bool:
    return bool(notebook.wanted - {id for ids in APART.values() for id in ids})


def _foreign_cores() -> float:
    moment = Moment.now()
    time.sleep(QUIET_SECONDS)
    return moment.foreign_cores_since()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
