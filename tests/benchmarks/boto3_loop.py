"""The baselines without Partnerbus: a loop around boto3's put_partner_events, nothing durable, nothing retried.

A side process. Entries are made beforehand, so a loop pays for nothing but its calls.
"""

import itertools
import math
import time
from typing import Any

import boto3

from tests.benchmarks.bodies import DETAIL
from tests.benchmarks.registering import TENANTS
from tests.benchmarks.side_process import argument, tell, wait_for_go

WARM_UP_CALLS = 20
MADE_CALLS = 500  # whose entries are made, and then used in turn


def entries_of_call(call: int, size: int) -> list[dict[str, Any]]:
    """Return the entries of one call, as a backend would write them."""
    return [
        {
            "Source": f"aws.partner/benchmark.example.com.test/t{number % TENANTS}/events",
            "Time": 1_790_000_000.123,
            "Resources": [f"urn:partnerbus:event:01900000-0000-7000-8000-{call:06}{number:06}"],
            "DetailType": "order.created",
            "Detail": DETAIL,
        }
        for number in range(size)
    ]


def main(size: int, seconds: float = math.inf, calls: float = math.inf, pause: float = 0.0) -> dict[str, Any]:
    """Send `size` entries a call, for so long or so often; return the events accepted, and each call's milliseconds."""
    client = boto3.client("events")
    made = [entries_of_call(call, size) for call in range(MADE_CALLS)]
    for entries in made[:WARM_UP_CALLS]:
        client.put_partner_events(Entries=entries)
    began = wait_for_go()
    milliseconds: list[float] = []
    accepted = 0
    for entries in itertools.cycle(made):
        sent_at = time.monotonic()
        reply = client.put_partner_events(Entries=entries)
        ended = time.monotonic()
        milliseconds.append(round((ended - sent_at) * 1e3, 3))
        accepted += sum("EventId" in entry for entry in reply["Entries"])
        if ended - began >= seconds or len(milliseconds) >= calls:
            break
        if pause:
            time.sleep(pause)
    return {"events": accepted, "seconds": ended - began, "milliseconds": milliseconds}


if __name__ == "__main__":
    tell(main(**argument()))
