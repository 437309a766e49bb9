"""Sending in the background: bounded, in batches, and with nothing lost in silence."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import KEY
from scripted_server import Handler, Partnerbus, Request, hang_up, problem, store

from partnerbus_client import (
    Batcher,
    BatcherClosed,
    BatcherFull,
    Client,
    Event,
    EventRejected,
    NoAnswer,
    Retries,
    Unauthorized,
    Unavailable,
)

MakeEvents = Callable[..., list[Event]]
PAUSES = Retries(first_pause=0.01, longest_pause=0.05)


class HandedBack:
    """Collects what the batcher hands back."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], Exception]] = []

    def __call__(self, events: Sequence[Event], error: Exception) -> None:
        self.calls.append(([event.id for event in events], error))

    @property
    def ids(self) -> list[str]:
        return [identifier for ids, _ in self.calls for identifier in ids]


@pytest.fixture
def back() -> HandedBack:
    return HandedBack()


def batcher_of(client: Client, back: HandedBack, **options: Any) -> Batcher:
    return Batcher(client, on_error=back, **{"retries": PAUSES, "max_age": 0.05, **options})


def test_events_go_in_batches_and_in_order(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    events = make_events(250)
    with batcher_of(client, back, max_events=100, max_age=60.0) as batcher:
        for event in events:
            batcher.add(event)
    assert [len(request.ids) for request in partnerbus.requests] == [100, 100, 50]
    assert partnerbus.posted == [event.id for event in events]
    assert (back.calls, batcher.waiting) == ([], 0)


def test_a_batch_leaves_when_its_oldest_event_is_old_enough(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    with batcher_of(client, back, max_age=0.5) as batcher:
        for event in make_events(3):
            batcher.add(event)
        assert partnerbus.requests == []
        wait_until(lambda: len(partnerbus.stored) == 3)
    assert [len(request.ids) for request in partnerbus.requests] == [3]


def test_a_batch_is_no_longer_than_its_bytes(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    with batcher_of(client, back, max_bytes=5_000, max_age=60.0) as batcher:
        for event in make_events(20, padding=1_000):
            batcher.add(event)
    assert len(partnerbus.stored) == 20
    assert max(len(request.body) for request in partnerbus.requests) <= 5_100


def test_flush_sends_without_waiting_for_age(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    with batcher_of(client, back, max_age=60.0) as batcher:
        for event in make_events(3):
            batcher.add(event)
        assert batcher.flush(5.0)
        assert len(partnerbus.stored) == 3


def test_flush_says_when_it_took_too_long(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.always = problem(503, "store_unavailable")
    batcher = batcher_of(client, back)
    batcher.add(make_events(1)[0])
    assert not batcher.flush(0.1)
    batcher.close(0.0)


def test_an_outage_is_sat_out_and_nothing_is_handed_back(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.always = hang_up
    with batcher_of(client, back) as batcher:
        for event in make_events(50):
            batcher.add(event)
        wait_until(lambda: len(partnerbus.requests) > 5)
        partnerbus.always = None
        assert batcher.flush(10.0)
    assert (len(partnerbus.stored), back.calls) == (50, [])


def test_without_room_add_waits_and_then_says_so(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.always = problem(503, "store_unavailable")
    one, two, three, four = make_events(4)
    batcher = batcher_of(client, back, capacity=2)
    batcher.add(one)
    batcher.add(two)
    before = time.monotonic()
    with pytest.raises(BatcherFull, match="2 events wait"):
        batcher.add(three, timeout=0.2)
    assert time.monotonic() - before >= 0.2
    partnerbus.always = None
    batcher.add(four, timeout=5.0)
    batcher.close()
    assert sorted(partnerbus.stored) == ["e0", "e1", "e3"]


def test_bytes_are_bounded_too_but_one_large_event_always_passes(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.always = problem(503, "store_unavailable")
    one, two = make_events(2, padding=5_000)
    batcher = batcher_of(client, back, capacity_bytes=1_000)
    batcher.add(one)
    with pytest.raises(BatcherFull):
        batcher.add(two, timeout=0.0)
    partnerbus.always = None
    batcher.close()
    assert list(partnerbus.stored) == ["e0"]


def test_a_rejected_event_is_handed_back_with_its_code_and_its_neighbours_pass(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.rejects["e1"] = "tenant_unknown"
    with batcher_of(client, back) as batcher:
        for event in make_events(3):
            batcher.add(event)
    [(ids, error)] = back.calls
    assert isinstance(error, EventRejected)
    assert (ids, error.code) == (["e1"], "tenant_unknown")
    assert sorted(partnerbus.stored) == ["e0", "e2"]


def test_a_refusal_hands_the_batch_back_and_the_next_one_is_tried(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.script.append(problem(401, "key_expired"))
    one, two = make_events(2)
    with batcher_of(client, back) as batcher:
        batcher.add(one)
        assert batcher.flush(5.0)
        batcher.add(two)
    [(ids, error)] = back.calls
    assert (ids, type(error)) == (["e0"], Unauthorized)
    assert list(partnerbus.stored) == ["e1"]


def test_closing_in_an_outage_hands_everything_back_in_time(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    partnerbus.always = problem(503, "store_unavailable", Retry_After="30")
    batcher = batcher_of(client, back, max_events=10)
    for event in make_events(35):
        batcher.add(event)
    before = time.monotonic()
    batcher.close(0.5)
    assert time.monotonic() - before < 15.0
    assert back.ids == [f"e{n}" for n in range(35)]
    assert [type(error) for _, error in back.calls] == [Unavailable] + [BatcherClosed] * 3


def test_nothing_is_taken_after_closing(client: Client, back: HandedBack, make_events: MakeEvents) -> None:
    batcher = batcher_of(client, back)
    batcher.close()
    batcher.close()
    with pytest.raises(BatcherClosed):
        batcher.add(make_events(1)[0])


def test_an_error_in_on_error_ends_nothing(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(events: Sequence[Event], error: Exception) -> None:
        raise RuntimeError("a mistake of the caller")

    partnerbus.rejects["e0"] = "tenant_unknown"
    with Batcher(client, on_error=fail, max_events=1) as batcher:
        for event in make_events(3):
            batcher.add(event)
    assert sorted(partnerbus.stored) == ["e1", "e2"]
    assert "['e0']" in caplog.text


def test_on_error_may_add_again_and_never_waits_for_itself(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    full: list[Exception] = []

    def again(events: Sequence[Event], error: Exception) -> None:
        partnerbus.rejects.clear()
        try:
            batcher.add(events[0], timeout=None)
        except BatcherFull as problem:
            full.append(problem)

    partnerbus.rejects["e0"] = "tenant_unknown"
    batcher = Batcher(client, on_error=again, capacity=1, max_age=0.0)
    batcher.add(make_events(1)[0])
    assert batcher.flush(5.0)
    assert len(full) == 1
    batcher.close()

    partnerbus.rejects["e0"] = "tenant_unknown"
    batcher = Batcher(client, on_error=again, capacity=9, max_age=0.0)
    batcher.add(make_events(1)[0])
    batcher.flush(5.0)
    wait_until(lambda: "e0" in partnerbus.stored)
    batcher.close()


def test_many_threads_add_and_every_event_arrives_once(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    trouble = [hang_up, store, problem(500, "internal_error"), store, store]
    partnerbus.script.extend(trouble * 4)
    with batcher_of(client, back, max_events=50, capacity=100) as batcher, ThreadPoolExecutor(8) as pool:
        list(pool.map(batcher.add, make_events(1_000)))
    assert (len(partnerbus.stored), back.calls, batcher.waiting) == (1_000, [], 0)


def test_a_server_that_is_gone_is_no_defect(back: HandedBack, make_events: MakeEvents) -> None:
    client = Client("http://127.0.0.1:1", KEY, proxy="")
    batcher = batcher_of(client, back)
    batcher.add(make_events(1)[0])
    batcher.close(0.3)
    [(ids, error)] = back.calls
    assert (ids, type(error)) == (["e0"], NoAnswer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_process_has_its_own_thread_and_leaves_the_parents_events_to_the_parent(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    one, two = make_events(2)
    batcher = batcher_of(client, back, max_age=60.0)
    batcher.add(one)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            batcher.add(two)
            status = 0 if batcher.flush(5.0) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert partnerbus.posted == ["e1"]
    batcher.close()
    assert partnerbus.posted == ["e1", "e0"]


def test_the_end_of_the_process_sends_what_is_left(partnerbus: Partnerbus) -> None:
    program = f"""
        from partnerbus_client import Batcher, Client, Event
        batcher = Batcher(Client({partnerbus.url!r}, "key", proxy=""), on_error=print, max_age=60.0)
        batcher.add(Event("alder", "order.created", {{}}, id="last-words"))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert list(partnerbus.stored) == ["last-words"]


@pytest.mark.parametrize("limits", [{"max_events": 0}, {"max_bytes": 0}, {"capacity": 0}, {"max_age": -1.0}])
def test_impossible_limits_are_refused(client: Client, back: HandedBack, limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="positive"):
        batcher_of(client, back, **limits)


def test_a_request_under_way_is_waited_for_at_the_end(
    client: Client, partnerbus: Partnerbus, back: HandedBack, make_events: MakeEvents
) -> None:
    goes_on = threading.Event()

    def held_up(handler: Handler, request: Request) -> None:
        goes_on.wait(5.0)
        store(handler, request)

    partnerbus.always = held_up
    batcher = batcher_of(client, back, max_age=0.0)
    batcher.add(make_events(1)[0])
    wait_until(lambda: bool(partnerbus.requests))
    threading.Timer(0.3, goes_on.set).start()
    batcher.close(0.0)
    assert (list(partnerbus.stored), back.calls) == (["e0"], [])


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)
