"""The whole line on a real stack: web, worker, PostgreSQL, Valkey and the simulator, with parts dying in between."""

import json
import os
import signal
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from launcher.stack import Stack, running
from tests.journeys.customers import Customer, customers, names, wait_until
from tests.smoke.backend import Backend
from tests.smoke.disturbing import Simulator
from tests.smoke.registering import registered_backend

MEGABYTE = bytes(1024 * 1024)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running() as stack:
        yield stack


@pytest.fixture(scope="module")
def backend(stack: Stack) -> Backend:
    return registered_backend(stack)


@pytest.fixture(scope="module")
def tenants(stack: Stack, backend: Backend) -> list[Customer]:
    """Alder, who accepts its source in one region at once, and Birch, who lets us wait."""
    alder, birch = customers(stack, backend, "alder", "birch")
    alder.accept()
    return [alder, birch]


@pytest.fixture
def alder(tenants: list[Customer]) -> Customer:
    return tenants[0]


@pytest.fixture
def birch(tenants: list[Customer]) -> Customer:
    return tenants[1]


@pytest.fixture
def aws(stack: Stack) -> Iterator[Simulator]:
    """The simulator, which behaves again afterwards, in a stack that is up again."""
    simulator = Simulator(str(stack.sandbox_url))
    yield simulator
    stack.wait_until_ready()
    simulator.behave()


@pytest.fixture
def connection(stack: Stack) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(urlsplit(stack.web_url).netloc, timeout=60)
    yield connection
    connection.close()


@pytest.fixture
def headers(backend: Backend, tenants: list[Customer]) -> dict[str, str]:
    return {"Authorization": f"Bearer {backend.key}", "Content-Type": "application/json"}


def test_held_events_flow_once_the_tenant_accepts(backend: Backend, birch: Customer) -> None:
    held = names("held", 30)
    event_id, *_ = birch.post(*held)
    assert backend.event(event_id)["state"] == "held"
    birch.accept()
    birch.wait_for(*held)
    wait_until(lambda: backend.event(event_id)["attempts"], "the attempt was not recorded")
    assert [attempt["observed"] for attempt in backend.event(event_id)["attempts"]] == ["active"]
    assert all(birch.received[name] == 1 for name in held)


def test_the_other_region_holds_what_the_accepted_one_gets(backend: Backend, alder: Customer) -> None:
    (event_id,) = alder.post("one-region")
    alder.wait_for("one-region")
    wait_until(lambda: backend.event(event_id)["attempts"], "the attempt was not recorded")
    story = backend.event(event_id)
    standing = {delivery["source"]: (delivery["state"], delivery["reason"]) for delivery in story["deliveries"]}
    assert standing == {alder.source.id: ("accepted", None), alder.other_source.id: ("held", "source_pending")}
    assert {attempt["source"] for attempt in story["attempts"]} == {alder.source.id}


def test_with_valkey_stopped_a_post_answers_within_200_ms_and_is_published(stack: Stack, alder: Customer) -> None:
    valkey = stack.status["pids"]["valkey"]
    alder.post("warm")
    os.kill(valkey, signal.SIGSTOP)
    try:
        times = []
        for name in names("stopped", 10):
            started = time.monotonic()
            alder.post(name)
            times.append(time.monotonic() - started)
        assert sorted(times)[8] < 0.2, times  # all but the slowest: the machine may be busy with other tests
    finally:
        os.kill(valkey, signal.SIGCONT)
    alder.wait_for(*names("stopped", 10))


@pytest.mark.parametrize("part", ["worker", "valkey", "postgres", "web", "sandbox"])
def test_nothing_is_lost_when_a_part_is_killed_in_the_middle(
    stack: Stack, aws: Simulator, alder: Customer, part: str
) -> None:
    aws.misbehave({"latency_ms": 200})
    wanted = names(f"killed-{part}", 200)
    alder.post(*wanted[:100])
    stack.kill(part)
    alder.post(*wanted[100:])
    stack.wait_until_ready()
    aws.behave()
    alder.wait_for(*wanted)


def test_nothing_is_lost_while_aws_throttles_fails_and_accepts_without_an_answer(
    aws: Simulator, alder: Customer
) -> None:
    faults = {
        "throttle_rate": 0.2,
        "internal_rate": 0.2,
        "entry_failure_rate": 0.2,
        "entry_failure_code": "ThrottlingException",
        "timeout_after_accepting_rate": 0.2,
        "timeout_seconds": 0.2,
    }
    struck = {"throttle", "internal", "entry_failure", "timeout_after_accepting"}
    aws.misbehave(faults)
    posted: list[str] = []

    def all_have_struck() -> bool:
        more = names(f"faulty-{len(posted)}", 50)
        alder.post(*more)
        posted.extend(more)
        counts = aws.fault_counts()
        return all(counts.get(fault, 0) > 0 for fault in struck)

    wait_until(all_have_struck, f"not all of {struck} struck")
    aws.behave()
    alder.wait_for(*posted)


def post(connection: HTTPConnection, body: Any, headers: dict[str, str]) -> tuple[int, str, Any]:
    """Return status, type and JSON of the answer; a body that is not bytes is sent in chunks."""
    connection.request("POST", "/api/v1/events", body, headers, encode_chunked=not isinstance(body, bytes))
    answer = connection.getresponse()
    return answer.status, answer.headers["Content-Type"], json.loads(answer.read())


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_of_50_megabytes_is_refused_and_the_connection_goes_on(
    connection: HTTPConnection, headers: dict[str, str], in_chunks: bool
) -> None:
    if in_chunks:
        answer = post(connection, iter([MEGABYTE] * 50), {**headers, "Transfer-Encoding": "chunked"})
    else:
        answer = post(connection, MEGABYTE * 50, headers)
    status, media_type, problem = answer
    assert (status, media_type, problem["code"]) == (413, "application/problem+json", "body_too_large")
    socket = connection.sock
    connection.request("GET", "/livez")
    assert connection.getresponse().status == 200
    assert connection.sock is socket


def test_a_body_in_chunks_is_stored(connection: HTTPConnection, headers: dict[str, str]) -> None:
    event = json.dumps({"tenant": "birch", "type": "t", "id": "in-chunks", "detail": {"a": 1}}).encode()
    chunks = iter([event[:10], event[10:20], event[20:]])
    status, _, receipt = post(connection, chunks, {**headers, "Transfer-Encoding": "chunked"})
    assert (status, receipt["stored"]) == (202, 1)
