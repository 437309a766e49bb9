"""Requests in every shape, in order, within their limits; and answers that are not believed blindly."""

import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.smoke import BrokenOff
from tests.smoke.backend import Backend, Source
from tests.smoke.books import Books
from tests.smoke.posting import LARGEST_BODY, SHAPES, Poster, bodies
from tests.smoke.reading import Event

SOURCE = Source("s1", "alder", "222222222222", "eu-west-1", "name")


def events(number: int, size: int = 2) -> list[Event]:
    return [Event("alder", "t", str(n), b'{"x":"%s"}' % (b"x" * size)) for n in range(number)]


def test_all_shapes_are_used_and_nothing_is_left_out() -> None:
    made = list(bodies(events(405), itertools.cycle(SHAPES)))
    assert [(body.shape, len(body.events)) for body in made[:5]] == [
        ("single", 1),
        ("batch", 100),
        ("lines", 100),
        ("single", 1),
        ("batch", 100),
    ]
    assert [event.id for body in made for event in body.events] == [str(n) for n in range(405)]


def test_no_body_is_longer_than_allowed() -> None:
    made = list(bodies(events(100, size=240_000), itertools.cycle(SHAPES)))
    assert max(len(body.content) for body in made) < 5_000_000
    assert max(len(body.content) for body in made) > LARGEST_BODY - 500_000


def test_each_shape_holds_the_events_as_they_are() -> None:
    single, batch, lines = bodies(events(5), iter([("single", 1), ("batch", 2), ("lines", 2)]))
    assert json.loads(single.content)["id"] == "0"
    assert [event["id"] for event in json.loads(batch.content)["events"]] == ["1", "2"]
    assert [json.loads(line)["id"] for line in lines.content.splitlines()] == ["3", "4"]


class Answers(ThreadingHTTPServer):
    """Gives prepared answers in turn; None hangs up without one."""

    def __init__(self) -> None:
        self.prepared: list[tuple[int, Any] | None] = []
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        prepared = self.server.prepared.pop(0)
        if prepared is None:
            return
        status, document = prepared
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def result(status: str, event_id: str | None = "e0", code: str | None = None) -> tuple[int, Any]:
    return 202, {"events": [{"status": status, "event_id": event_id, "code": code, "message": ""}]}


@pytest.fixture
def partnerbus() -> Iterator[Answers]:
    server = Answers()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def books() -> Books:
    return Books(events(1), [SOURCE])


@pytest.fixture
def poster(partnerbus: Answers, books: Books) -> Poster:
    return Poster(Backend(f"http://127.0.0.1:{partnerbus.server_port}", "key"), books)


def test_an_unanswered_post_is_repeated_and_its_duplicate_is_no_problem(
    partnerbus: Answers, poster: Poster, books: Books
) -> None:
    partnerbus.prepared = [(503, {}), (429, {}), None, result("duplicate")]
    poster.post(events(1))
    assert len(partnerbus.bodies) == 4
    assert len(set(partnerbus.bodies)) == 1
    assert books.event_id_of(events(1)[0]) == "e0"
    assert books.problems == []


@pytest.mark.parametrize(
    "answer",
    [result("duplicate"), result("duplicate", code="id_reused"), result("rejected", None, "tenant_unknown")],
)
def test_a_first_post_has_to_be_stored(
    partnerbus: Answers, poster: Poster, books: Books, answer: tuple[int, Any]
) -> None:
    partnerbus.prepared = [answer]
    poster.post(events(1))
    assert len(books.problems) == 1


@pytest.mark.parametrize(
    "answer", [result("stored", "e1"), result("duplicate", "e1"), result("duplicate", code="id_reused")]
)
def test_a_second_post_has_to_be_recognised(
    partnerbus: Answers, poster: Poster, books: Books, answer: tuple[int, Any]
) -> None:
    partnerbus.prepared = [result("stored"), result("duplicate"), answer]
    poster.post(events(1))
    poster.post_again(events(1))
    assert books.problems == []
    poster.post_again(events(1))
    assert len(books.problems) == 1


def test_a_refusal_breaks_the_run_off(partnerbus: Answers, poster: Poster) -> None:
    partnerbus.prepared = [(401, {"code": "key_unknown"})]
    with pytest.raises(BrokenOff, match=r"401.*key_unknown"):
        poster.post(events(1))
