"""Retention: what goes, when, and that nothing goes which is in use."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.events import in_use, keeping, retention, storage, tasks
from integrations.events.periods import SETTLING
from integrations.registration.models import Environment
from tenants.accounts import put_tenant
from tenants.models import AuditEntry, Tenant
from tests.conftest import SYSTEM
from tests.events.conftest import own_session, rows
from tests.events.past import execute, lines, named, noon, past, posted, run, sent, stored, tables
from tests.events.publishing import MakeSource, Store

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _old_days(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keeping, "PAUSES", (0.1,))
    with past(38, 19, 18, 17, 15):
        yield


@pytest.fixture
def alder(tenant: Tenant, make_source: MakeSource) -> Tenant:
    make_source(tenant)
    return tenant


def test_days_older_than_the_retention_go_with_their_attempts_and_younger_ones_stay(
    alder: Tenant, store_events: Store
) -> None:
    old, young = posted(store_events, noon(38)), posted(store_events, noon(18))
    sent(old, noon(38))
    sent(young, noon(18))
    report = run()
    assert stored() == {young}
    assert rows("select event_id from attempts") == [(young,)]
    assert named("events", 38) not in tables("events") | tables("settled") | tables("attempts")
    assert {named("events", 18), named("settled", 18), named("attempts", 18)} <= (
        tables("events") | tables("settled") | tables("attempts")
    )
    assert (named("events", 38), "drop", 1) in lines(report)
    assert (named("attempts", 38), "drop", 1) in lines(report)
    assert report.finished


def test_a_run_is_audited_with_its_figures_and_one_that_changes_nothing_is_not(alder: Tenant) -> None:
    run()
    run()
    (entry,) = AuditEntry.objects.filter(action="storage:prune")
    assert entry.actor_label == "test"
    assert entry.after["tables_dropped"] > 0
    assert entry.after["bytes_freed"] > 0


def test_a_day_stays_until_its_last_event_is_as_old_as_the_retention(alder: Tenant, environment: Environment) -> None:
    Environment.objects.filter(pk=environment.pk).update(retention_days=19)
    moment = noon(18) + timedelta(hours=12) + timedelta(days=19) + SETTLING
    retention.prune(actor=SYSTEM, now=moment - timedelta(minutes=1))
    assert named("events", 18) in tables("events")
    retention.prune(actor=SYSTEM, now=moment)
    assert named("events", 18) not in tables("events")


def test_an_environment_keeps_its_events_as_long_as_it_says(
    alder: Tenant,
    environment: Environment,
    other_environment: Environment,
    store_events: Store,
    make_source: MakeSource,
) -> None:
    birch = put_tenant(
        directory=other_environment.directory, external_id="birch", name="Birch", actor=SYSTEM, now=timezone.now()
    )[0]
    Environment.objects.filter(pk=environment.pk).update(retention_days=5)
    ours = [posted(store_events, noon(days)) for days in (19, 18, 15)]
    held, fresh, theirs = (posted(store_events, moment) for moment in (noon(17), timezone.now(), noon(18)))
    execute(
        "update events set environment_id = %s, tenant_id = %s where id = %s",
        other_environment.pk,
        birch.pk,
        theirs,
    )
    for event_id in (*ours, theirs):
        sent(event_id, noon(15))
    report = run()
    assert stored() == {held, fresh, theirs}
    assert {event_id for (event_id,) in rows("select event_id from attempts")} == {theirs}
    assert (named("events", 18), "delete", 1) in lines(report)
    assert {line.why for line in report.lines if line.table == named("events", 18)} == {"older than 5 days: shop test"}
    assert named("events", 18) in tables("events")


def test_an_event_sent_lately_stays_with_all_its_attempts_although_it_was_posted_long_ago(
    alder: Tenant, environment: Environment, store_events: Store
) -> None:
    in_old_day, of_short_retention = posted(store_events, noon(38)), posted(store_events, noon(15))
    for event_id, posted_at in ((in_old_day, noon(38)), (of_short_retention, noon(15))):
        sent(event_id, timezone.now())
        execute(
            "insert into attempts select event_id, source_id, %s, 1, 1, 1, 1, 3 from attempts where event_id = %s",
            posted_at,
            event_id,
        )
    Environment.objects.filter(pk=environment.pk).update(retention_days=10)
    run()
    assert stored() == {in_old_day, of_short_retention}
    assert len(rows("select 1 from attempts")) == 4


def test_more_events_than_one_window_are_deleted_and_those_in_use_among_them_are_not(
    alder: Tenant, environment: Environment, other_environment: Environment, store_events: Store
) -> None:
    held = posted(store_events, noon(15))
    execute(
        "insert into events select uuidv7(%s - now() + n * interval '1 second'), environment_id, tenant_id, type_id, 0,"
        " null, '' from events, generate_series(1, 2500) n",
        noon(15),
    )
    Environment.objects.filter(pk=environment.pk).update(retention_days=5)
    report = run()
    assert stored() == {held}
    assert (named("events", 15), "delete", 2500) in lines(report)


def test_settled_deliveries_of_a_deleted_event_go_with_it(
    alder: Tenant, environment: Environment, other_environment: Environment, store_events: Store
) -> None:
    done, held = posted(store_events, noon(15)), posted(store_events, noon(15))
    execute("delete from pending where event_id = %s", done)
    for event_id in (done, held):
        execute("insert into settled select id, %s, now(), 1 from sources_source", event_id)
    Environment.objects.filter(pk=environment.pk).update(retention_days=5)
    run()
    assert rows("select event_id from settled") == [(held,)]


def test_what_is_in_use_is_found_by_keys_while_statistics_say_that_every_table_is_empty(alder: Tenant) -> None:
    """A plan that read the attempts of a week for each thousand events took fifteen seconds instead of 0.05."""
    plan = []
    with retention.open_session() as session:
        for statement in (in_use.IN_RANGE, f"select 1 from events e where {in_use.OF_EVENT}"):
            bounds = {"start": in_use.LOWEST, "end": in_use.LOWEST, "sent_since": noon(15)}
            plan += [line for (line,) in session.execute(f"explain {statement}", bounds)]
    scans = [line for line in plan if " on pending" in line or " on retry" in line or " on attempts" in line]
    assert len(scans) > 6
    assert [line for line in scans if "Index" not in line] == []
    assert not any("hashed" in line for line in plan)


def test_a_run_out_of_time_leaves_the_rest_to_the_next(alder: Tenant) -> None:
    old = tables("events")
    report = retention.prune(actor=SYSTEM, now=timezone.now(), seconds=0)
    assert not report.finished
    assert old <= tables("events")
    while not retention.prune(actor=SYSTEM, now=timezone.now(), seconds=0.2).finished:
        pass
    assert named("events", 38) not in tables("events")


def test_the_worker_prunes_and_goes_on_with_what_it_had_no_time_for(
    alder: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    kicked = []
    monkeypatch.setattr(tasks, "kick", kicked.append)
    monkeypatch.setattr(tasks, "PRUNE_SECONDS", 0.5)
    for _ in range(200):
        kicked.clear()
        tasks.prune()
        if not kicked:
            break
    assert named("events", 38) not in tables("events")


def test_two_prunes_at_once_exclude_each_other(alder: Tenant) -> None:
    with retention.only_prune():
        with pytest.raises(retention.AnotherPrune, match="Another prune"):
            run()
        tasks.prune()  # the worker's just leaves
        assert named("events", 38) in tables("events")
    run()
    assert named("events", 38) not in tables("events")


def test_a_reader_keeps_the_day_and_ingest_does_not_wait_behind_the_prune(
    alder: Tenant, store_events: Store, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowest = 0.0
    with own_session(settings) as reader, reader.transaction():
        reader.execute("select count(*) from events")
        pruning = threading.Thread(target=run_in_a_thread)
        pruning.start()
        while pruning.is_alive():
            began = time.monotonic()
            posted_at_once = store_events({"tenant": "alder", "type": "a", "detail": {}})
            slowest = max(slowest, time.monotonic() - began)
            assert posted_at_once[0].status == "stored"
            time.sleep(0.01)
        assert named("events", 38) in tables("events")
    assert slowest < 1.0
    report = run()
    assert named("events", 38) not in tables("events")
    assert not report.busy


def test_a_table_in_use_is_said_and_left(alder: Tenant, settings: Any) -> None:
    with own_session(settings) as reader, reader.transaction():
        reader.execute("select count(*) from events")
        report = run()
    assert report.busy
    assert ("leave", None) in {(action, count) for table, action, count in lines(report) if table.startswith("events")}


def test_weeks_of_posted_ids_go_when_nobody_asks_them(alder: Tenant, settings: Any) -> None:
    now = timezone.now()
    asked = {storage.week_table(now - timedelta(weeks=n)) for n in (0, 1)}
    old = storage.week_table(now - timedelta(days=40))
    execute(f"create table {old} (key uuid primary key, event_id uuid, body bigint)")
    assert weeks() >= asked | {old}
    run()
    assert weeks() >= asked
    assert old not in weeks()
    settings.IDEMPOTENCY_DAYS = 60
    execute(f"create table {old} (key uuid primary key, event_id uuid, body bigint)")
    run()
    assert old in weeks()


def test_old_minutes_go_and_the_books_of_the_rollups_stay(alder: Tenant) -> None:
    minute = int(timezone.now().timestamp() // 60)
    old, young = minute - 401 * 24 * 60, minute - 399 * 24 * 60
    execute("truncate rollups, rollup_failures")
    for source, at in ((1, old), (1, young), (-1, old), (-1, 0), (0, old)):
        execute("insert into rollups (source_id, minute) values (%s, %s)", source, at)
        execute("insert into rollup_failures values (%s, %s, 1, 1)", source, at)
    report = run()
    for table in ("rollups", "rollup_failures"):
        assert rows(f"select source_id, minute from {table} order by 1, 2") == [(-1, 0), (0, old), (1, young)]
        assert (table, "delete", 2) in lines(report)
    execute("truncate rollups, rollup_failures")


def test_tables_that_are_named_otherwise_are_left_alone(alder: Tenant, make_source: Callable[..., Any]) -> None:
    execute("create table events_20250101_mine (id int); create table events_20250231 (id int)")
    run()
    assert rows("select count(*) from pg_class where relname in ('events_20250101_mine', 'events_20250231')") == [(2,)]
    execute("drop table events_20250101_mine, events_20250231")


def run_in_a_thread() -> None:
    run()
    connection.close()


def weeks() -> set[str]:
    return {name for (name,) in rows("select relname from pg_class where relkind = 'r' and relname ~ '^idempotency_'")}
