"""What a person and a program read of the benchmarks: lines while they run, a table, bench.json, the README's table."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import machine as machines
from tests.benchmarks.machine import BUSY_CORES
from tests.benchmarks.results import Result

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
UNPACED = (
    "AWS's default quota of PutPartnerEvents, 1,400 calls a second (28,000 events/s) in a region, was lifted for every "
    "run (PARTNER_CALLS_PER_SECOND=0), for the baselines as for Partnerbus."
)
# What the README shows, in its words.
SHOWN = {
    "full100_events_per_s": "100 events a post, stored, sent and recorded",
    "full100_vs_boto3x20": "the same / a boto3 loop of 20 a call that stores nothing",
    "full100_vs_celery_per_event": "the same / an ORM row and a Celery task per event",
    "full20_events_per_s": "20 events a post",
    "single_requests_per_s": "one event a post",
    "full100_with_20ms_events_per_s": "100 events a post, AWS answers after 20 ms",
    "sender_cpu_vs_boto3": "CPU of packing, signing, sending and reading / boto3's",
    "commit_to_accepted_p50_ms": "from commit to AWS's acceptance, median",
    "snapshot_p50_ms": "the same while somebody's transaction stays open",
    "fairness_p99_ratio": "p99 beside a tenant with a huge backlog / without",
    "wal_bytes_per_wire_byte": "bytes of write-ahead log for each byte sent",
    "drain_held_events_per_s": "100,000 held events, once the gate opens",
    "replay_events_per_s": "100,000 accepted events replayed",
    "list_page_10m_ms": "a tenant's events among 10 million, one page",
    "metrics_page_10m_ms": "series of counts among 10 million events",
    "pattern_matches_per_s": "event patterns matched, one core",
}


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(results: Sequence[Result]) -> str:
    """Return all results as a table of text."""
    rows = [("id", "median", "unit", "better", "spread", "others", "runs")]
    rows += [
        (
            result.id,
            number(result.value),
            result.unit,
            result.better,
            spread(result),
            f"{max(result.foreign, default=0):.2f}",
            " ".join(number(run) for run in result.runs),
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row[:6], widths, strict=True)) + f"  {row[6]}"
        for row in rows
    ]
    notes = [f"  {result.id}: {result.note}" for result in results if result.note]
    return "\n".join([*lines, *(["", "Notes:", *notes] if notes else []), "", UNPACED])


def write_json(
    path: Path,
    machine: Mapping[str, Any],
    extent: str,
    seconds: float,
    results: Sequence[Result],
    failures: Mapping[str, str],
) -> None:
    """Write what a program reads."""
    found = {
        "machine": machine,
        "extent": extent,
        "seconds": round(seconds),
        "quota_lifted": True,
        "results": [result.as_json() for result in results],
        "failures": failures,
    }
    path.write_text(json.dumps(found, indent=2) + "\n")


def write_readme(path: Path, machine: Mapping[str, Any], extent: str, results: Sequence[Result]) -> None:
    """Put the most telling results between the README's marks. Raises ValueError where there are none."""
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no place for the table: it needs the marks {BEGIN} and {END}.")
    path.write_text(f"{before}{BEGIN}\n{_readme_table(machine, extent, results)}\n{END}{after}")


def _readme_table(machine: Mapping[str, Any], extent: str, results: Sequence[Result]) -> str:
    found = {result.id: result for result in results}
    rows = [
        f"| {words} | {number(found[id].value)} {_unit(found[id].unit)}| {spread(found[id])} | `{id}` |"
        for id, words in SHOWN.items()
        if id in found
    ]
    head = ["| measured | median | spread | id |", "|---|---|---|---|"]
    kind = "BENCH=quick make bench" if extent == "quick" else "make bench"
    return "\n".join([*head, *rows, "", f"`{kind}` on {machines.line(machine)}. {UNPACED}"])


def warning(foreign: float) -> str:
    """Return a sentence for a machine on which others work, nothing for a quiet one."""
    if foreign <= BUSY_CORES:
        return ""
    return (
        f"Others keep {foreign:.2f} cores of this machine busy. Rates will be too low, and ratios far apart where "
        "they come and go between two runs. Measure again on a quiet machine."
    )


def number(value: float) -> str:
    """Return a number with as many digits as mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(result: Result) -> str:
    """Return half the distance between best and worst run in percent of the median."""
    return f"±{result.spread:.0%}" if len(result.runs) > 1 else "one run"


def _unit(unit: str) -> str:
    return "" if unit == "ratio" else f"{unit} "
