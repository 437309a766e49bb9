"""Back-pressure: who is refused when publishing is far behind or the store is too large, and what that costs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from integrations.events import back_pressure
from integrations.events.back_pressure import BackPressure, Load, measure
from integrations.registration.keys import issue_key
from integrations.registration.models import Environment
from integrations.sources.models import Lane, Source
from tenants.accounts import put_tenant
from tenants.models import Tenant
from tests.conftest import SYSTEM
from tests.events.conftest import rows

Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every post measures, unless a test says otherwise, and has the time for it on a busy machine."""
    monkeypatch.setattr(back_pressure, "_pressure", BackPressure())
    monkeypatch.setattr(back_pressure, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(back_pressure, "STATEMENT_MILLISECONDS", 10_000)


@pytest.fixture
def source(tenant: Tenant, make_source: Callable[..., Source]) -> Source:
    """Alder's source, whose gate is open. The queue has no pages left over from other tests."""
    with connection.cursor() as cursor:
        cursor.execute("truncate pending")
    return make_source(tenant)


@pytest.fixture
def birch_key(other_environment: Environment, now: datetime) -> str:
    """A key of another environment, which has a tenant Birch."""
    put_tenant(directory=other_environment.directory, external_id="birch", name="Birch", actor=SYSTEM, now=now)
    return issue_key(environment=other_environment, name="other", actor=SYSTEM, now=now)[1]


def event(tenant: str = "alder") -> dict[str, Any]:
    return {"tenant": tenant, "type": "order.created", "detail": {}}


def raw() -> psycopg.Connection:
    connection.ensure_connection()
    assert isinstance(connection.connection, psycopg.Connection)
    return connection.connection


def let_wait(source: Source, count: int) -> None:
    """Put so many deliveries into a source's queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into pending select %s, gen_random_uuid() from generate_series(1, %s)", [source.pk, count]
        )


def test_a_backlog_beyond_the_limit_refuses_the_whole_body(post: Post, source: Source, settings: Any) -> None:
    settings.MAX_WAITING_EVENTS = 10
    assert post({"events": [event()] * 11}).status_code == 202
    answer = post(event())
    assert (answer.status_code, answer.json()["code"]) == (429, "backlog_full")
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) >= 1
    assert rows("select count(*) from events") == [(11,)]
    with connection.cursor() as cursor:
        cursor.execute("delete from pending where ctid = (select min(ctid) from pending)")
    assert post(event()).status_code == 202


def test_held_events_do_not_count(post: Post, source: Source, settings: Any) -> None:
    settings.MAX_WAITING_EVENTS = 10
    let_wait(source, 100)
    assert post(event()).status_code == 429
    Lane.objects.filter(source=source).update(publishable=False)
    assert post(event()).status_code == 202


def test_without_a_limit_nothing_is_refused(post: Post, source: Source, settings: Any) -> None:
    settings.MAX_WAITING_EVENTS = 0
    let_wait(source, 1_000)
    assert post(event()).status_code == 202


def test_the_flood_of_one_environment_does_not_stop_another(
    post: Post, source: Source, birch_key: str, settings: Any
) -> None:
    settings.MAX_WAITING_EVENTS = 100
    let_wait(source, 101)
    assert post(event()).status_code == 429
    assert post(event("birch"), key=birch_key).status_code == 202


def test_too_far_behind_are_those_with_more_than_an_equal_share(settings: Any) -> None:
    settings.MAX_WAITING_EVENTS = 100
    load = Load({1: 90, 2: 30, 3: 35})
    assert [load.is_too_far_behind(environment_id) for environment_id in (1, 2, 3, 4)] == [True, False, True, False]
    within = Load({1: 60, 2: 40})
    assert not within.is_too_far_behind(1)


def test_a_long_queue_is_estimated_from_a_sample(source: Source, other_environment: Environment, settings: Any) -> None:
    settings.MAX_WAITING_EVENTS = 1_000
    let_wait(source, 200_000)
    load = measure(raw())
    assert load.waiting.keys() == {source.environment_id}
    assert 150_000 < load.total < 250_000


def test_a_short_queue_is_not_looked_into(source: Source, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAX_WAITING_EVENTS = 100_000
    let_wait(source, 10_000)
    monkeypatch.setattr(back_pressure, "WAITING", "this is no SQL")
    assert measure(raw()) == Load()


def test_a_store_beyond_its_limit_answers_507(post: Post, tenant: Tenant, settings: Any) -> None:
    settings.MAX_STORE_BYTES = 1_000_000
    answer = post(event())
    assert (answer.status_code, answer.json()["code"]) == (507, "store_full")
    assert answer["Retry-After"] == "60"
    assert "MAX_STORE_BYTES" in answer.json()["detail"]
    assert rows("select count(*) from events") == [(0,)]
    settings.MAX_STORE_BYTES = 10**15
    assert post(event()).status_code == 202


def test_it_is_measured_once_in_five_seconds(
    post: Post, source: Source, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Load] = []

    def watch(connection: psycopg.Connection) -> Load:
        measured.append(measure(connection))
        return measured[-1]

    monkeypatch.setattr(back_pressure, "measure", watch)
    monkeypatch.setattr(back_pressure, "EVERY_SECONDS", 5.0)
    settings.MAX_WAITING_EVENTS = 10
    assert [post({"events": [event()] * 11}).status_code for _ in range(3)] == [202, 202, 202]
    assert len(measured) == 1


def test_what_takes_too_long_to_measure_lets_events_in_and_leaves_no_trace(
    post: Post, source: Source, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows("show statement_timeout")
    settings.MAX_WAITING_EVENTS = 10
    let_wait(source, 100)
    assert post(event()).status_code == 429
    assert rows("show statement_timeout") == before
    monkeypatch.setattr(back_pressure, "STATEMENT_MILLISECONDS", 20)
    monkeypatch.setattr(back_pressure, "WAITING", "select 1, pg_sleep(5)::text::int")
    assert post(event()).status_code == 202
    assert rows("show statement_timeout") == before


def test_a_connection_outside_of_transactions_stays_as_it_was(
    committed: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_WAITING_EVENTS = settings.MAX_STORE_BYTES = 1
    before = rows("show statement_timeout")
    assert measure(raw()).fills_the_store
    monkeypatch.setattr(back_pressure, "SIZES", "select 1, pg_sleep(5)::text::int")
    monkeypatch.setattr(back_pressure, "STATEMENT_MILLISECONDS", 20)
    with pytest.raises(psycopg.errors.QueryCanceled):
        measure(raw())
    assert raw().info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert rows("show statement_timeout") == before


def test_a_key_that_may_not_post_is_told_nothing_of_the_load(
    post: Post, source: Source, environment: Environment, settings: Any, now: datetime
) -> None:
    settings.MAX_WAITING_EVENTS = 10
    let_wait(source, 100)
    reader = issue_key(environment=environment, name="reader", scopes=["events:read"], actor=SYSTEM, now=now)[1]
    assert post(event(), key=reader).status_code == 403
