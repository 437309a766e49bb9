"""The whole line on a real stack: web, worker, PostgreSQL, Valkey and the simulator, with parts dying in between."""

import json
import os
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from launcher.stack import Stack, running
from tests.smoke.accepting import accept_all
from tests.smoke.backend import Backend, Source
from tests.smoke.receiving import Receiver
from tests.smoke.registering import offered_sources, registered_backend

WAIT_SECONDS = 60.0


class Line:
    """A backend, one tenant's source, and the receiver behind it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.backend: Backend = registered_backend(stack)
        (self.source, _) = offered_sources(self.backend, ["alder"])
        self.receiver = Receiver(str(stack.sandbox_url), self.source)
        self.received: Counter[str] = Counter()

    def post(self, *names: str) -> dict[str, Any]:
        events = [{"tenant": "alder", "type": "t", "id": name, "detail": {"name": name}} for name in names]
        answer: dict[str, Any] = self.backend.call("POST", "/events", json.dumps({"events": events}).encode()).content
        return answer

    def wait_for(self, *names: str) -> None:
        """Receive until all of these arrived."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while missing := set(names) - self.received.keys():
            assert time.monotonic() < give_up_at, f"{len(missing)} did not arrive, one is {min(missing)}"
            for body in self.receiver.receive():
                self.received[json.loads(body)["detail"]["name"]] += 1

    def private(self, path: str, body: dict[str, Any] | None, method: str = "POST") -> None:
        """Call one of the simulator's private endpoints."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.stack.sandbox_url}/_sandbox/{path}", content, method=method)  # noqa: S310 - our own
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with running() as stack:
        yield Line(stack)


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def test_held_events_flow_once_the_tenant_accepts(line: Line) -> None:
    held = names("held", 30)
    event_id = line.post(*held)["events"][0]["event_id"]
    assert line.backend.event(event_id)["state"] == "held"
    accept_all(line.backend, [line.receiver])
    line.wait_for(*held)
    story = line.backend.event(event_id)
    assert {delivery["state"] for delivery in story["deliveries"]} == {"accepted", "held"}  # the other region waits
    assert [attempt["observed"] for attempt in story["attempts"]] == ["active"]
    assert all(line.received[name] == 1 for name in held)


def test_with_valkey_stopped_a_post_answers_within_200_ms_and_is_published(line: Line) -> None:
    valkey = line.stack.status["pids"]["valkey"]
    line.post("warm")
    os.kill(valkey, signal.SIGSTOP)
    try:
        times = []
        for name in names("stopped", 10):
            started = time.monotonic()
            line.post(name)
            times.append(time.monotonic() - started)
        assert sorted(times)[5] < 0.2, times
    finally:
        os.kill(valkey, signal.SIGCONT)
    line.wait_for(*names("stopped", 10))


@pytest.mark.parametrize("part", ["worker", "valkey", "postgres", "web", "sandbox"])
def test_nothing_is_lost_when_a_part_is_killed_in_the_middle(line: Line, part: str) -> None:
    line.private("faults", {"latency_ms": 200})
    wanted = names(f"killed-{part}", 200)
    try:
        line.post(*wanted[:100])
        line.stack.kill(part)
        line.post(*wanted[100:])
    finally:
        line.stack.wait_until_ready()
        line.private("faults", None, method="DELETE")
    line.wait_for(*wanted)


def test_nothing_is_lost_while_aws_throttles_fails_and_accepts_without_an_answer(line: Line) -> None:
    faults = {
        "throttle_rate": 0.2,
        "internal_rate": 0.2,
        "entry_failure_rate": 0.2,
        "entry_failure_code": "ThrottlingException",
        "timeout_after_accepting_rate": 0.1,
        "timeout_seconds": 0.2,
    }
    line.private("faults", faults)
    wanted = names("faulty", 300)
    try:
        for first in range(0, 300, 50):
            line.post(*wanted[first : first + 50])
        time.sleep(3)
    finally:
        line.private("faults", None, method="DELETE")
    line.wait_for(*wanted)


def test_a_source_of_the_other_region_got_nothing_before_it_was_accepted(line: Line) -> None:
    other = Source("", "alder", line.source.account, "us-east-1", line.source.name)
    assert Receiver(str(line.stack.sandbox_url), other).receive() == []


def test_an_orderly_stop_lets_the_publisher_finish_its_round(line: Line) -> None:
    """The last of this module: it stops the stack."""
    line.post(*names("last", 100))
    assert line.stack.stop() == 0
    said = (line.stack.data.logs / "worker.log").read_text()
    assert "Warm shutdown" in said
    assert "WorkerLost" not in said
    assert "signal 15" not in said
