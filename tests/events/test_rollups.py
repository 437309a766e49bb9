"""The minute job: what it counts, and that late, repeated, missing and simultaneous runs end in the same figures."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from integrations.events import rollups, tasks
from integrations.events.totals import totals
from integrations.locks import ROLLUP_LOCK
from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.gate import set_gate
from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of
from tenants.models import Tenant
from tests.events.conftest import own_session, rows
from tests.events.history import attempt, execute

pytestmark = pytest.mark.usefixtures("store")

MINUTE = timedelta(minutes=1)
MakeSource = Callable[..., Source]


@pytest.fixture(autouse=True)
def _rolled_up_so_far(store: None, now: datetime) -> None:
    """As if the job had run until a quarter of an hour ago: the first run of all would begin with yesterday."""
    execute("insert into rollups (source_id, minute) values (0, %s)", rollups.minute_of(now) - 15)


@pytest.fixture
def source(tenant: Tenant, make_source: MakeSource) -> Source:
    return make_source(tenant)


@pytest.fixture
def minute(now: datetime) -> datetime:
    """The beginning of a minute that closed a moment ago."""
    return now.replace(second=0, microsecond=0) - 2 * MINUTE


def rolled(source_id: int) -> list[tuple[int, ...]]:
    """Return (accepted, failed, held, bytes) of each minute."""
    return rows(
        "select accepted, failed, held, bytes from rollups where source_id = %s and minute > 0 order by minute",
        source_id,
    )


def held(source: Source, at: datetime) -> None:
    execute("insert into pending values (%s, %s)", source.pk, lowest_uuid_of(at))


def test_a_minute_counts_accepted_failed_by_code_bytes_and_latency(
    source: Source, minute: datetime, now: datetime
) -> None:
    for ms in (5, 6, 1000, 1001):
        attempt(source, minute + timedelta(seconds=59), ms=ms)
    attempt(source, minute, "ThrottlingException", ms=3)
    attempt(source, minute, "ThrottlingException")
    attempt(source, minute, "InternalFailure")
    rollups.roll_up(now)
    assert rolled(source.pk) == [(4, 3, 0, 400)]
    assert rows("select latency from rollups where source_id = %s", source.pk) == [([1, 1, 0, 0, 0, 0, 1, 1],)]
    failures = "select c.code, failed from rollup_failures f join outcome_codes c on c.id = f.code where source_id = %s"
    assert dict(rows(failures, source.pk)) == {"ThrottlingException": 2, "InternalFailure": 1}


def test_an_environment_has_the_sum_of_its_sources(
    source: Source, tenant: Tenant, make_source: MakeSource, environment: Environment, minute: datetime, now: datetime
) -> None:
    attempt(source, minute)
    attempt(make_source(tenant, label="second"), minute)
    rollups.roll_up(now)
    assert rolled(-environment.pk) == [(2, 0, 0, 200)]


def test_the_running_minute_is_left_for_later(source: Source, now: datetime) -> None:
    attempt(source, now)
    rollups.roll_up(now)
    assert rolled(source.pk) == []
    rollups.roll_up(now + MINUTE)
    assert rolled(source.pk) == [(1, 0, 0, 100)]


def test_what_was_committed_late_is_counted_by_a_later_run_and_nothing_twice(
    source: Source, environment: Environment, minute: datetime, now: datetime
) -> None:
    attempt(source, minute)
    for _ in range(3):
        rollups.roll_up(now)
    attempt(source, minute)
    attempt(source, minute, "InternalFailure")
    for later in range(3):
        rollups.roll_up(now + later * MINUTE)
    assert rolled(source.pk) == [(2, 1, 0, 200)]
    (total,) = totals([environment.pk])
    assert (total.accepted, total.bytes, total.failed_by_code) == (2, 200, {"InternalFailure": 1})


def test_deliveries_behind_a_closed_gate_or_an_open_breaker_are_held(
    source: Source, tenant: Tenant, make_source: MakeSource, environment: Environment, minute: datetime, now: datetime
) -> None:
    closed = make_source(tenant, label="closed", observed="pending")
    stopped = make_source(tenant, label="us", region="us-east-1")
    open_breaker(environment=environment, region="us-east-1", code="ExpiredTokenException", message="", now=now)
    for each in (source, closed, closed, stopped):
        held(each, minute + timedelta(seconds=len(rows("select from pending"))))
    rollups.roll_up(now)
    assert (rolled(source.pk), rolled(closed.pk), rolled(stopped.pk)) == ([], [(0, 0, 2, 0)], [(0, 0, 1, 0)])
    assert rolled(-environment.pk) == [(0, 0, 3, 0)]


def test_what_was_held_for_a_moment_only_is_not_told_for_ever(
    tenant: Tenant, make_source: MakeSource, environment: Environment, minute: datetime, now: datetime
) -> None:
    closed = make_source(tenant, observed="pending")
    held(closed, minute)
    rollups.roll_up(now)
    closed.observed = "active"
    closed.save()
    set_gate(closed, environment)
    rollups.roll_up(now)
    assert rolled(closed.pk) == []


def test_a_time_without_the_job_is_caught_up(
    source: Source, minute: datetime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "CATCH_UP", 7)
    execute("update rollups set minute = %s", rollups.minute_of(now) - 180)
    for minutes in (150, 90, 20):
        attempt(source, minute - minutes * MINUTE)
    assert rollups.roll_up(now) == rollups.minute_of(now) - 1
    assert rolled(source.pk) == [(1, 0, 0, 100)] * 3


def test_a_run_catches_up_for_a_while_and_leaves_the_rest_to_the_next(
    source: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute("update rollups set minute = %s", rollups.minute_of(now) - 180)
    monkeypatch.setattr(rollups, "RUN_SECONDS", -1.0)
    first = rollups.roll_up(now)
    second = rollups.roll_up(now)
    assert first is not None
    assert second is not None
    assert first < second < rollups.minute_of(now) - 1


def test_the_first_run_begins_with_the_oldest_attempts(source: Source, now: datetime) -> None:
    execute("delete from rollups")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    attempt(source, midnight - timedelta(minutes=1))
    rollups.roll_up(now)
    assert rolled(source.pk) == [(1, 0, 0, 100)]


def test_a_clock_that_was_ahead_stops_nothing(source: Source, minute: datetime, now: datetime) -> None:
    rollups.roll_up(now + timedelta(hours=2))
    attempt(source, minute)
    rollups.roll_up(now)
    assert rolled(source.pk) == [(1, 0, 0, 100)]
    assert rollups.complete_until() == rollups.minute_of(now) - 1


def test_a_counter_begins_again_before_its_column_overflows(
    source: Source, environment: Environment, minute: datetime, now: datetime
) -> None:
    execute(
        "insert into rollups (source_id, minute, accepted) values (%s, 0, %s)",
        -environment.pk,
        rollups.TOTALS_WRAP - 1,
    )
    attempt(source, minute)
    attempt(source, minute)
    rollups.roll_up(now)
    assert totals([environment.pk])[0].accepted == 1


def test_the_task_rolls_up_the_minutes_before_now(source: Source, minute: datetime) -> None:
    attempt(source, minute)
    tasks.roll_up()
    assert rolled(source.pk) == [(1, 0, 0, 100)]


def test_the_pages_of_today_are_summarised_so_that_a_minute_is_not_searched_in_the_whole_day(
    source: Source, now: datetime
) -> None:
    table = f"attempts_{now:%Y%m%d}"
    execute(
        "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
        " select uuidv7(), %s, %s, 0, 1, 1, 1, 3 from generate_series(1, 20000)",
        source.pk,
        now,
    )
    rollups.roll_up(now)
    left = left_to_summarise(table)
    assert left.pop("at") == 0
    assert sorted(left) == ["aws_id", "request_id"]
    assert all(left.values())  # summarised by the job, the range that grows would write its filter with every row


def left_to_summarise(table: str) -> dict[str, int]:
    """How many ranges of pages each block range index has yet to summarise, by its column."""
    return dict(
        rows(
            "select a.attname, brin_summarize_new_values(i.indexrelid) from pg_index i"
            " join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam"
            " join pg_attribute a on a.attrelid = i.indexrelid and a.attnum = 1"
            " where m.amname = 'brin' and i.indrelid = %s::regclass",
            table,
        )
    )


@pytest.mark.usefixtures("committed")
class TestTwoAtOnce:
    def test_the_second_leaves_it_to_the_first(self, settings: Settings, now: datetime) -> None:
        with own_session(settings) as other, other.transaction():
            other.execute("select pg_advisory_xact_lock(%s)", [ROLLUP_LOCK])
            assert rollups.roll_up(now) is None
        assert rollups.roll_up(now) == rollups.minute_of(now) - 1
        execute("truncate rollups, rollup_failures")

    def test_many_jobs_at_once_count_everything_once(
        self, tenant: Tenant, make_source: MakeSource, environment: Environment, minute: datetime, now: datetime
    ) -> None:
        source = make_source(tenant)
        for _ in range(10):
            attempt(source, minute)

        def work() -> None:
            rollups.roll_up(now)
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        try:
            assert rolled(source.pk) == [(10, 0, 0, 1000)]
            assert totals([environment.pk])[0].accepted == 10
        finally:
            execute("truncate rollups, rollup_failures")
