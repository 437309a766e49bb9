"""What sending costs: processor time of the publisher's way to AWS against boto3's, for the same entries.

Ours begins with the stored tails as a claim reads them, and ends with an outcome for each entry: prepending the source,
packing, signing, sending, reading the answer. boto3's begins with its entries made, and ends with its parsed answer.
Both run in turn in one side process, whose argument is `{"calls", "runs"}`.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import django

from tests.benchmarks.aws import REGION
from tests.benchmarks.boto3_loop import entries_of_call
from tests.benchmarks.registering import TENANTS
from tests.benchmarks.results import Result
from tests.benchmarks.scenario import Bench, Report, Scenario, watched
from tests.benchmarks.side_process import SideProcess, argument, tell, wait_for_go

EVENTS_A_CALL = 20
LIMIT_SECONDS = 60.0
WARM_UP_CALLS = 50


def ours(calls: int) -> Callable[[], None]:
    """Return what sends so many calls as the publisher does: packed, and as many side by side as it has in flight."""
    from django.conf import settings

    from integrations.aws.exchange import Exchanges
    from integrations.events import sending
    from integrations.events.claims import Delivery
    from integrations.events.outcomes import Verdict
    from integrations.registration.models import Environment

    environment = Environment(pk=1, publisher_account="111111111111")
    lanes = _lanes()
    claimed = [
        Delivery(lane=lanes[number % TENANTS], from_retry=False, event_id=uuid4().bytes, tail=_tail(entry))
        for call in range(calls)
        for number, entry in enumerate(entries_of_call(call, EVENTS_A_CALL))
    ]
    exchanges = Exchanges()

    def send_all() -> None:
        left = sending.pack(claimed, {1: environment})
        while left:
            now, left = left[: settings.CALLS_AT_ONCE], left[settings.CALLS_AT_ONCE :]
            found = sending.send_all(exchanges, now, time.monotonic() + LIMIT_SECONDS)
            assert len(found.findings) == sum(len(request.entries) for request in now)
            assert all(finding.verdict is Verdict.ACCEPTED for finding in found.findings)

    return send_all


def boto3s(calls: int) -> Callable[[], None]:
    """Return what sends the same by boto3."""
    client = boto3.client("events")
    made = [entries_of_call(call, EVENTS_A_CALL) for call in range(calls)]

    def send_all() -> None:
        for entries in made:
            reply = client.put_partner_events(Entries=entries)
            assert all("EventId" in entry for entry in reply["Entries"])

    return send_all


def _lanes() -> list[Any]:
    from integrations.events import wire
    from integrations.events.lanes import WorkingLane

    names = [f"aws.partner/benchmark.example.com.test/t{number}/events" for number in range(TENANTS)]
    return [
        WorkingLane(
            source_id=number,
            name=name,
            environment_id=1,
            region=REGION,
            observed="active",
            selection_since=None,
            retries=False,
            heavy=False,
            head=wire.head_of(name),
        )
        for number, name in enumerate(names)
    ]


def _tail(entry: dict[str, Any]) -> bytes:
    """Return the entry as it is stored: without its opening brace and its source."""
    told = {name: entry[name] for name in ("Time", "Resources", "DetailType", "Detail")}
    return json.dumps(told, separators=(",", ":"))[1:].encode()


def _seconds(send_all: Callable[[], None]) -> float:
    began = time.process_time()
    send_all()
    return time.process_time() - began


def compare(calls: int, runs: int) -> list[dict[str, float]]:
    """Return the processor seconds of both, run by run."""
    for warm_up in (ours(WARM_UP_CALLS), boto3s(WARM_UP_CALLS)):
        warm_up()
    one, other = ours(calls), boto3s(calls)
    wait_for_go()
    return [{"ours": _seconds(one), "boto3": _seconds(other)} for _ in range(runs)]


def measure(bench: Bench, _wanted: frozenset[str], report: Report) -> None:
    """Let the side process compare, and report the ratio and both costs."""
    order = {"calls": bench.extent.sending_calls, "runs": bench.extent.sending_runs}
    with SideProcess("tests.benchmarks.sending_cost", order, bench.installation.environment) as side:
        side.go()
        found, foreign = watched(side.answer)
    thousands = bench.extent.sending_calls * EVENTS_A_CALL / 1_000
    shares = [foreign] * len(found["runs"])
    ratios = [run["ours"] / run["boto3"] for run in found["runs"]]
    report(Result("sender_cpu_vs_boto3", "ratio", "lower", ratios, foreign=shares))
    for name in ("ours", "boto3"):
        costs = [run[name] / thousands * 1e3 for run in found["runs"]]
        words = "sender" if name == "ours" else "boto3x20"
        report(Result(f"{words}_cpu_ms_per_1000_events", "ms", "lower", costs, foreign=shares))


SCENARIO = Scenario(
    "sending",
    ("sender_cpu_vs_boto3", "sender_cpu_ms_per_1000_events", "boto3x20_cpu_ms_per_1000_events"),
    measure,
)

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    given = argument()
    tell({"runs": compare(given["calls"], given["runs"])})
