"""Each id is stored once: under concurrency, around a change of week, and while another poster still commits."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from integrations.events import ingest, storage
from integrations.events.idempotency import key_of, weeks_at
from integrations.registration.models import Environment
from tests.events.conftest import own_session, rows

MONDAY = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)


def body(ids: list[str]) -> list[bytes]:
    return [json.dumps({"tenant": "alder", "type": "t", "id": i, "detail": {}}).encode() for i in ids]


def store(environment: Environment, ids: list[str], now: datetime) -> list[ingest.Result]:
    connection.ensure_connection()
    return ingest.store_events(connection.connection, environment, body(ids), now)


def test_the_tables_of_a_moment_are_its_week_and_those_before() -> None:
    friday = MONDAY + timedelta(days=4)
    assert weeks_at(friday, 7).current == "idempotency_2026w49"
    assert weeks_at(friday, 7).earlier == ("idempotency_2026w48",)
    assert weeks_at(friday, 7).overlapping is None
    assert weeks_at(friday, 14).earlier == ("idempotency_2026w48", "idempotency_2026w47")
    assert weeks_at(MONDAY + timedelta(minutes=9), 7).overlapping == "idempotency_2026w48"
    assert weeks_at(MONDAY + timedelta(minutes=10), 7).overlapping is None
    assert weeks_at(datetime(2027, 1, 2, tzinfo=UTC), 7).current == "idempotency_2026w53"


def test_keys_of_different_environments_never_meet() -> None:
    assert key_of(1, "23") != key_of(12, "3")
    assert key_of(1, "23") == key_of(1, "23")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed", "tenant")
def test_posters_of_the_same_ids_in_opposite_orders_store_each_once(environment: Environment, now: datetime) -> None:
    ids = [f"e{n}" for n in range(200)]
    start = threading.Barrier(4)

    def poster(order: int) -> Counter[str]:
        try:
            start.wait()
            wanted = ids if order % 2 else ids[::-1]
            results = [store(environment, wanted[i : i + 20], now) for i in range(0, len(wanted), 20)]
            return Counter(result.status for part in results for result in part)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as posters:
        counts = sum(posters.map(poster, range(4)), Counter())
    assert counts == Counter(stored=200, duplicate=600)
    assert rows("select count(*), count(distinct caller_id) from events") == [(200, 200)]
    assert rows("select count(*) from pending") == [(200,)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed", "tenant")
def test_a_second_poster_waits_for_the_first_to_commit_and_learns_its_event_id(
    environment: Environment, now: datetime, settings: object
) -> None:
    key, first = UUID(bytes=key_of(environment.pk, "x")), "01a20908-a1ff-7000-ab85-ca555365462f"
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%%idempotency%%'"
    with own_session(settings) as other, own_session(settings) as watcher, ThreadPoolExecutor(1) as poster:
        other.execute("begin")
        other.execute(f"insert into {storage.week_table(now)} values (%s, %s, 0)", [key, first])
        answer = poster.submit(_store_and_close, environment, now)
        while watcher.execute(waiting).fetchone() == (0,):
            assert not answer.done(), "it did not wait for the other transaction"
        other.execute("commit")
        (result,) = answer.result(10)
    assert (result.status, str(result.event_id)) == ("duplicate", first)


def _store_and_close(environment: Environment, now: datetime) -> list[ingest.Result]:
    try:
        return store(environment, ["x"], now)
    finally:
        connection.close()


@pytest.mark.usefixtures("store", "tenant")
@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(minutes=9), timedelta(hours=3), timedelta(days=6)])
def test_an_id_of_last_week_is_recognised_in_the_new_week(environment: Environment, later: timedelta) -> None:
    storage.make_ahead(connection.connection, MONDAY)
    before = store(environment, ["x"], MONDAY - timedelta(seconds=1))
    after = store(environment, ["x", "y"], MONDAY + later)
    assert [result.status for result in after] == ["duplicate", "stored"]
    assert after[0].event_id == before[0].event_id


@pytest.mark.usefixtures("store", "tenant")
def test_around_the_change_of_week_a_poster_with_a_slow_clock_meets_the_fast_one(environment: Environment) -> None:
    storage.make_ahead(connection.connection, MONDAY)
    fast = store(environment, ["x"], MONDAY + timedelta(minutes=5))
    slow = store(environment, ["x"], MONDAY - timedelta(minutes=1))
    again = store(environment, ["x"], MONDAY + timedelta(days=2))
    assert [slow[0].status, again[0].status] == ["duplicate", "duplicate"]
    assert slow[0].event_id == again[0].event_id == fast[0].event_id


@pytest.mark.usefixtures("store", "tenant")
def test_an_id_is_forgotten_after_its_weeks(environment: Environment) -> None:
    for moment in (MONDAY, MONDAY + timedelta(weeks=2)):
        storage.make_ahead(connection.connection, moment)
    store(environment, ["x"], MONDAY)
    assert store(environment, ["x"], MONDAY + timedelta(weeks=2, hours=1))[0].status == "stored"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed", "tenant")
def test_missing_tables_are_made_by_the_post_that_needs_them(environment: Environment, now: datetime) -> None:
    day, week = now.strftime("events_%Y%m%d"), storage.week_table(now)
    with connection.cursor() as cursor:
        cursor.execute(f"drop table {day}, {week}")
    assert set(storage.missing_tables(connection.connection, now)) == {day, week}
    assert store(environment, ["x"], now)[0].status == "stored"
    assert storage.missing_tables(connection.connection, now) == []
