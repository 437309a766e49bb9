"""The bad day: AWS's faults, switched on in the simulator, and a worker that is killed again and again."""

import json
import random
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from launcher.stack import Stack

KILLS = 4
# Rates of calls or entries. A swallowed answer is the one that makes duplicates.
FAULTS = {
    "throttle_rate": 0.1,
    "internal_rate": 0.05,
    "entry_failure_rate": 0.05,
    "latency_ms": 30,
    "timeout_after_accepting_rate": 0.05,
    "timeout_seconds": 0.5,
}
KINDS = ("entry_failure", "internal", "latency", "throttle", "timeout_after_accepting")
ROUNDS = 20


class Simulator:
    """The private doors of the AWS simulator."""

    def __init__(self, url: str) -> None:
        self._url = url

    def misbehave(self, faults: Mapping[str, Any] = FAULTS) -> None:
        """Replace all faults by these, and count them from zero."""
        self._call("POST", "faults", dict(faults))

    def behave(self) -> None:
        """End all faults."""
        self._call("DELETE", "faults")

    def accepted(self) -> int:
        """Return how many entries AWS has accepted so far."""
        counters: dict[str, int] = self._call("GET", "state")["counters"]
        return counters.get("entries_accepted", 0)

    def fault_counts(self) -> dict[str, int]:
        """Return how often each fault struck."""
        counts: dict[str, int] = self._call("GET", "faults")["counters"]
        return counts

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/_sandbox/{path}", content, method=method)  # noqa: S310
        # Past any proxy of the environment.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)


def until_each_has_struck(counts: Callable[[], Mapping[str, int]], play_round: Callable[[int], bool]) -> list[str]:
    """Play further rounds until every kind of fault has struck or a round fails; return the kinds that never did."""
    for number in range(1, ROUNDS + 1):
        if not _not_struck(counts()) or not play_round(number):
            break
    return _not_struck(counts())


def _not_struck(counts: Mapping[str, int]) -> list[str]:
    return [kind for kind in KINDS if not counts.get(kind)]


def kill_worker(stack: Stack) -> None:
    """Kill -9 the worker somewhere in the middle of what it does; returns when its successor works."""
    time.sleep(random.uniform(0, 0.5))
    stack.kill("worker")
    stack.wait_until_ready()
