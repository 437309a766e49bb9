"""Small posts that come at once are stored as one, and each of them is answered for itself."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.db import connection

from integrations.events.gathering import MOST_BYTES, MOST_EVENTS, Gathering, Post
from integrations.events.ingest import Result, store_events
from integrations.registration.models import Environment
from tests.events.conftest import rows

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PATIENCE = 10  # seconds
ONE, OTHER = Mock(pk=1), Mock(pk=2)  # environments


class Storing:
    """A store that waits until it is told to go on, and notes what it was given at once."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, list[bytes]]] = []
        self.failures: dict[bytes, BaseException] = {}
        self.begun, self.may_end = Event(), Event()

    def __call__(
        self, connection: psycopg.Connection, environment: Environment, events: Sequence[bytes], now: datetime
    ) -> list[Result]:
        self.calls.append((environment.pk, list(events)))
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        for event in events:
            if event in self.failures:
                raise self.failures[event]
        return [Result(index, event.decode(), None, "stored") for index, event in enumerate(events)]


class Posting:
    """Threads that post to one gathering. The first post is in the store's hands before any other comes."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.storing = Storing()
        self.gathering = Gathering(self.storing)
        self._pool = pool

    def post(self, *events: bytes, environment: Any = ONE) -> Future[list[Result]]:
        return self._pool.submit(self.gathering.store, Mock(), environment, events, NOW)

    def begin(self, *events: bytes) -> Future[list[Result]]:
        answer = self.post(*events)
        assert self.storing.begun.wait(PATIENCE)
        return answer

    def wait_for_company(self, posts: int) -> None:
        while len(self.gathering._waiting) < posts:
            time.sleep(0.001)


@pytest.fixture
def posting() -> Iterator[Posting]:
    with ThreadPoolExecutor(8) as pool:
        made = Posting(pool)
        yield made
        made.storing.may_end.set()
        made.gathering._hand_on()  # should a test fail half-way, its threads must not wait for ever


def said(answer: Future[list[Result]]) -> list[tuple[int, str | None]]:
    return [(result.index, result.id) for result in answer.result(PATIENCE)]


def test_what_comes_while_one_post_is_stored_is_stored_together_and_answered_apart(posting: Posting) -> None:
    first = posting.begin(b"a", b"b")
    others = [posting.post(b"c"), posting.post(b"d", b"e"), posting.post(b"f")]
    posting.wait_for_company(3)
    posting.storing.may_end.set()
    assert said(first) == [(0, "a"), (1, "b")]
    assert [said(answer) for answer in others] == [[(0, "c")], [(0, "d"), (1, "e")], [(0, "f")]]
    assert [sorted(events) for _, events in posting.storing.calls] == [[b"a", b"b"], [b"c", b"d", b"e", b"f"]]


def test_each_environment_has_groups_of_its_own(posting: Posting) -> None:
    posting.begin(b"a")
    places = {b"b": ONE, b"c": OTHER, b"d": ONE, b"e": OTHER}
    others = [posting.post(name, environment=place) for name, place in places.items()]
    posting.wait_for_company(4)
    posting.storing.may_end.set()
    assert sorted(said(answer) for answer in others) == [[(0, name)] for name in "bcde"]
    together = [(environment, sorted(events)) for environment, events in posting.storing.calls[1:]]
    assert sorted(together) == [(1, [b"b", b"d"]), (2, [b"c", b"e"])]


@pytest.mark.parametrize("large", [[b"x"] * (MOST_EVENTS + 1), [b"x" * (MOST_BYTES + 1)]], ids=["many", "long"])
def test_a_large_post_neither_waits_nor_makes_others_wait(posting: Posting, large: list[bytes]) -> None:
    posting.begin(b"a")
    posting.storing.begun.clear()
    answer = posting.post(*large)
    assert posting.storing.begun.wait(PATIENCE)  # beside the first
    posting.storing.may_end.set()
    assert len(answer.result(PATIENCE)) == len(large)


def test_when_the_database_fails_nobody_of_the_group_is_promised_anything_and_the_next_is_stored(
    posting: Posting,
) -> None:
    posting.storing.failures[b"b"] = psycopg.OperationalError("away")
    first = posting.begin(b"a")
    others = [posting.post(b"b"), posting.post(b"c")]
    posting.wait_for_company(2)
    posting.storing.may_end.set()
    assert said(first) == [(0, "a")]
    for answer in others:
        with pytest.raises(psycopg.OperationalError):
            answer.result(PATIENCE)
    assert said(posting.post(b"d")) == [(0, "d")]


def test_a_post_that_fails_by_itself_fails_alone(posting: Posting) -> None:
    posting.storing.failures[b"bad"] = ValueError("a defect")
    posting.begin(b"a")
    bad, *good = [posting.post(name) for name in (b"bad", b"c", b"d")]
    posting.wait_for_company(3)
    posting.storing.may_end.set()
    assert [said(answer) for answer in good] == [[(0, "c")], [(0, "d")]]
    with pytest.raises(ValueError, match="a defect"):
        bad.result(PATIENCE)


def test_a_thread_that_is_ended_leaves_nobody_waiting(posting: Posting) -> None:
    posting.storing.failures[b"a"] = SystemExit()
    first = posting.begin(b"a")
    other = posting.post(b"b")
    posting.wait_for_company(1)
    posting.storing.may_end.set()
    with pytest.raises(SystemExit):
        first.result(PATIENCE)
    assert said(other) == [(0, "b")]


@pytest.mark.usefixtures("store", "tenant")
def test_an_id_that_two_posts_of_a_group_bring_is_stored_once(posting: Posting, environment: Environment) -> None:
    event = b'{"tenant":"alder","type":"order.created","id":"order-1","detail":{}}'
    posting.gathering = Gathering(lambda _, *rest: store_events(connection.connection, *rest))
    posting.gathering._is_storing = True  # this thread, because a test has one connection
    answers = [posting.post(event, environment=environment) for _ in range(2)]
    posting.wait_for_company(2)
    posting.gathering._lead(Mock(), Post(environment, []), NOW)
    results = [answer.result(PATIENCE)[0] for answer in answers]
    assert sorted(result.status for result in results) == ["duplicate", "stored"]
    assert len({result.event_id for result in results}) == 1
    assert rows("select count(*) from events") == [(1,)]
