"""Processes that post the same ids at the same time: each id is one event, whatever their orders and clocks."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from integrations.events import storage
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.journeys.product import Backend, copied_database, post, processes

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)  # a week of ids begins
BODY = 200  # events in one

pytestmark = pytest.mark.django_db(transaction=True)

Answer = tuple[int, list[dict[str, Any]]]


@pytest.fixture
def database(tenant: Tenant, make_source: Callable[..., Source], api_key: str) -> Iterator[str]:
    """A database of its own, in which Alder has an open source, and the storage around MONDAY."""
    make_source(tenant)
    with copied_database() as copy:
        with psycopg.connect(copy, autocommit=True) as session:
            storage.make_ahead(session, MONDAY - timedelta(days=5))
            storage.make_ahead(session, MONDAY)
        yield copy


def shuffled(ids: list[str], seed: int) -> list[list[dict[str, Any]]]:
    """Return bodies of events with these ids, each in an order of its own, and one id of each twice.

    The same ids come in the same body for every seed: so the posters meet, and wait for each other, in each of them.
    """
    dice = random.Random(seed)
    bodies = [dice.sample(ids[start : start + BODY], BODY) for start in range(0, len(ids), BODY)]
    return [
        [{"tenant": "alder", "type": "t", "id": i, "detail": {"i": i}} for i in [*body, dice.choice(body)]]
        for body in bodies
    ]


def post_together(database: str, backends: list[Backend]) -> list[Answer]:
    """Let each post in a process of its own, all at once; return all their answers."""
    start, answers = processes.Barrier(len(backends)), processes.Queue()
    posting = [processes.Process(target=post, args=(database, backend, start, answers)) for backend in backends]
    try:
        for process in posting:
            process.start()
        return [answer for _ in posting for answer in answers.get(timeout=60)]
    finally:
        for process in posting:
            process.join(5)
            process.kill()
            process.join()


def check_each_once(database: str, ids: list[str], answers: list[Answer]) -> None:
    """Hold the answers and the store against each other: every id is one event with one delivery, and all know it."""
    assert {status for status, _ in answers} == {202}
    results = [result for _, events in answers for result in events]
    stored = [result for result in results if result["status"] == "stored"]
    assert sorted(result["id"] for result in stored) == sorted(ids)
    assert {result["status"] for result in results if result not in stored} == {"duplicate"}
    known = {result["id"]: result["event_id"] for result in stored}
    assert all(result["event_id"] == known[result["id"]] for result in results)
    with psycopg.connect(database) as session:
        events = session.execute("select caller_id, id::text from events").fetchall()
        assert sorted(events) == sorted(known.items())
        pending = session.execute("select event_id::text from pending").fetchall()
        assert sorted(pending) == sorted((event_id,) for event_id in known.values())
        (deadlocks,) = session.execute(
            "select deadlocks from pg_stat_database where datname = current_database()"
        ).fetchone() or (None,)
        assert deadlocks == 0


def check_posters_of_the_same_ids(database: str, api_key: str, posters: int, count: int) -> None:
    ids = [f"order/{number}" for number in range(count)]
    backends = [Backend(api_key, shuffled(ids, seed)) for seed in range(posters)]
    check_each_once(database, ids, post_together(database, backends))


def check_a_change_of_week(database: str, api_key: str, count: int) -> None:
    ids = [f"order/{number}" for number in range(count)]
    # The third one's week changes while it posts. All but the first two write both weeks' tables.
    clocks = [timedelta(minutes=-1), timedelta(seconds=-1), timedelta(seconds=-0.1), timedelta(minutes=1)]
    clocks.append(timedelta(minutes=8))
    backends = [Backend(api_key, shuffled(ids, seed), MONDAY + clock) for seed, clock in enumerate(clocks)]
    answers = post_together(database, backends)
    check_each_once(database, ids, answers)
    later = post_together(database, [Backend(api_key, shuffled(ids, 99), MONDAY + timedelta(days=2))])
    check_each_once(database, ids, answers + later)


def test_processes_that_post_the_same_ids_in_other_orders_store_each_once(database: str, api_key: str) -> None:
    check_posters_of_the_same_ids(database, api_key, posters=5, count=1_000)


def test_processes_whose_clocks_differ_around_a_change_of_week_store_each_id_once(database: str, api_key: str) -> None:
    check_a_change_of_week(database, api_key, count=1_000)


@pytest.mark.slow
def test_many_processes_that_post_the_same_many_ids_store_each_once(database: str, api_key: str) -> None:
    check_posters_of_the_same_ids(database, api_key, posters=8, count=5_000)


@pytest.mark.slow
def test_many_ids_around_a_change_of_week_are_stored_once(database: str, api_key: str) -> None:
    check_a_change_of_week(database, api_key, count=5_000)
