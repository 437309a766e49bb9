"""`python -m tests.benchmarks.pages [EVENTS] [REQUESTS]`: every page on a full installation, as a table.

The installation lies in `.cache` and stays for the next time; half of it is the demo world, for the pages of AWS's
stages. Exits with 1 when a page is beyond what it may cost.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from launcher import stack
from launcher.configuration import ROOT
from tests.benchmarks import machine
from tests.benchmarks.installation import place

MOST_QUERIES, MOST_P95, MOST_P95_OF_EXPLORER = 12, 100.0, 50.0
DEFAULTS = (1_000_000, 20)
EXPLORER = "/operators/events"
# Counts for three seconds at most on purpose: how many deliveries would be sent again, before somebody says yes.
COUNTS = ("/portal/{tenant}/deliveries/replay",)
HEADINGS = "| page | queries | p50 ms | p95 ms | processor ms |\n|---|---|---|---|---|"


def main(events: int, requests: int) -> int:
    """Seed, measure, print."""
    data = place() / f"pages-{events}"
    data.mkdir(exist_ok=True)
    data.chmod(0o711)  # the servers' account has to pass
    with stack.running(data / "data", {"PARTNERBUS_DEMO": "1", "PARTNERBUS_DEMO_TRAFFIC": "0"}) as running:
        environment = {**os.environ, **running.environment}
        subprocess.run(
            [sys.executable, "manage.py", "seed", "--events", str(events)], cwd=ROOT, env=environment, check=True
        )
        command = [sys.executable, "-m", "tests.benchmarks.page_times", str(requests)]
        found = json.loads(
            subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout
        )
        with psycopg.connect(running.environment["DATABASE_URL"]) as session:
            there = machine.describe() | machine.describe_database(session, data)
    print(table([page for page in found if page["status"] == 200]))  # noqa: T201
    print(f"\n{events:,} events, {requests} requests a page; {machine.line(there)}.")  # noqa: T201
    beyond = list(beyond_bounds(found))
    print(*beyond, sep="\n")  # noqa: T201
    return 1 if beyond else 0


def _run(environment: dict[str, str], *arguments: str) -> str:
    """Run Python on the installation and return what it prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def table(pages: Sequence[dict[str, Any]]) -> str:
    """Return the pages as Markdown, the slowest first."""
    lines = (
        f"| `{each['page']}` | {each['queries']} | {each['p50']:.0f} | {each['p95']:.0f} | {each['work']:.0f} |"
        for each in sorted(pages, key=lambda page: -page["p95"])
    )
    return "\n".join([HEADINGS, *lines])


def beyond_bounds(pages: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each page that asks or takes too much."""
    for each in pages:
        if each["status"] != 200 or each["page"] in COUNTS:
            continue
        most = MOST_P95_OF_EXPLORER if each["page"] == EXPLORER else MOST_P95
        if each["queries"] > MOST_QUERIES:
            yield f"{each['page']} asks {each['queries']} queries."
        if each["p95"] > most:
            yield f"{each['page']} takes {each['p95']:.0f} ms, {each['work']:.0f} ms of them work."


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    events, requests = [*given, *DEFAULTS[len(given) :]]
    sys.exit(main(events, requests))
