"""What is in use of a day that goes is kept aside: it can still be sent and told of, and goes when it is done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from integrations.events import in_use, keeping, retention, storage
from integrations.events.periods import read_retention
from integrations.events.publisher import Publisher
from integrations.events.recording import TO_SETTLED
from integrations.events.story import story_of
from integrations.registration.models import Environment
from integrations.sources.models import Lane, Source
from tests.conftest import make_environment
from tests.events.conftest import own_session, rows
from tests.events.fake_aws import FakeAws
from tests.events.past import buried, execute, lines, named, noon, past, posted, run, sent, stored, tables
from tests.events.publishing import Store, queued

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = named("events", 38, "_kept")


@pytest.fixture(autouse=True)
def _old_days(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keeping, "PAUSES", (0.1,))
    with past(38, 37, 36):
        yield


@pytest.fixture
def old_day() -> storage.DayTable:
    connection.ensure_connection()
    found = storage.day_tables(connection.connection)
    return next(table for table in found if table.name == named("events", 38))


def test_a_held_a_retried_and_a_dead_event_survive_their_day_and_nothing_else(
    source: Source, store_events: Store
) -> None:
    held, retried, dead, done = (posted(store_events, noon(38)) for _ in range(4))
    execute(
        "with gone as (delete from pending where event_id = %s returning *)"
        " insert into retry select source_id, event_id, now(), 1, 0, 1 from gone",
        retried,
    )
    buried(dead)
    sent(done, noon(38))
    report = run()
    assert stored() == {held, retried, dead}
    assert rows("select distinct tableoid::regclass::text from events") == [(KEPT,)]
    assert (KEPT, "keep aside", 3) in lines(report)
    assert (named("events", 38), "drop", 4) in lines(report)


def test_what_was_kept_is_still_claimed_and_sent(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    Lane.objects.update(publishable=False)
    held = posted(store_events, noon(38))
    run()
    Lane.objects.update(publishable=True)
    assert publisher.publish_round() == 1
    assert len(aws.accepted) == 1
    assert queued() == {}
    assert rows("select event_id from attempts") == [(held,)]


def test_the_story_of_a_dead_letter_keeps_its_attempts(
    source: Source, store_events: Store, environment: Environment
) -> None:
    dead, done = posted(store_events, noon(38)), posted(store_events, noon(38))
    sent(done, noon(38))
    for at in (noon(38), noon(37)):
        execute(
            "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed, message)"
            " values (%s, %s, %s, 1, 1, 1, 1, 3, 'no answer')",
            dead,
            source.pk,
            at,
        )
    buried(dead)
    before = story_of(environment_id=environment.pk, event_id=dead)
    run()
    assert story_of(environment_id=environment.pk, event_id=dead) == before
    assert len(before["attempts"]) == 2
    assert story_of(environment_id=environment.pk, event_id=done) is None
    assert tables("attempts") >= {named("attempts", days, "_kept") for days in (38, 37)}
    assert named("attempts", 38) not in tables("attempts")


def test_what_is_done_goes_with_its_attempts_and_the_empty_tables_go_too(source: Source, store_events: Store) -> None:
    first, second = posted(store_events, noon(38)), posted(store_events, noon(38))
    for event_id in (first, second):
        execute(
            "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
            " values (%s, %s, %s, 1, 1, 1, 1, 3)",
            event_id,
            source.pk,
            noon(38),
        )
        buried(event_id)
    run()
    execute("delete from dead where event_id = %s", first)
    report = run()
    assert stored() == {second}
    assert rows("select event_id from attempts") == [(second,)]
    assert (KEPT, "delete", 1) in lines(report)
    execute("delete from dead")
    run()
    assert stored() == set()
    of_that_day = tables("events") | tables("settled") | tables("attempts")
    assert not {name for name in of_that_day if f"{noon(38):%Y%m%d}" in name}


def test_a_kept_event_can_still_be_settled(source: Source, store_events: Store) -> None:
    held = posted(store_events, noon(38))
    run()
    execute("delete from pending")
    execute(TO_SETTLED, timezone.now(), 1, [source.pk], [held])
    assert rows("select event_id from settled") == [(held,)]
    run()
    assert rows("select event_id from settled") == []
    assert named("settled", 38) not in tables("settled")


def test_a_run_killed_between_copy_and_swap_loses_nothing_and_the_next_completes_it(
    source: Source, store_events: Store, old_day: storage.DayTable
) -> None:
    first = posted(store_events, noon(38))
    since = read_retention(timezone.now()).longest_since
    with retention.only_prune() as session:
        assert sum(keeping.copy_events(session, old_day, since)) == 1
    assert stored() == {first}
    assert {old_day.name, KEPT} <= tables("events")
    second = posted(store_events, noon(38) + timedelta(hours=1))
    run()
    assert stored() == {first, second}
    assert rows(f"select count(*) from {KEPT}") == [(2,)]
    assert old_day.name not in tables("events")


def test_half_a_copy_of_an_earlier_release_is_made_anew(
    source: Source, store_events: Store, old_day: storage.DayTable
) -> None:
    event_id = posted(store_events, noon(38))
    with retention.only_prune() as session:
        list(keeping.copy_events(session, old_day, timezone.now() - timedelta(days=30)))
    execute(f"alter table {KEPT} drop column caller_id")
    run()
    assert stored() == {event_id}
    assert rows("select tableoid::regclass::text, caller_id from events") == [(KEPT, None)]


def test_half_a_copy_of_attempts_is_made_anew(source: Source, store_events: Store) -> None:
    dead = posted(store_events, noon(38))
    execute(
        "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
        " values (%s, %s, %s, 1, 1, 1, 1, 3)",
        dead,
        source.pk,
        noon(38),
    )
    buried(dead)
    leftover = named("attempts", 38, "_kept")
    execute(f"create table {leftover} (like attempts including all)")
    execute(f"insert into {leftover} select * from attempts")
    run()
    assert rows("select event_id, tableoid::regclass::text from attempts") == [(dead, leftover)]


def test_a_delivery_that_is_made_between_copy_and_swap_keeps_its_event(
    source: Source, store_events: Store, old_day: storage.DayTable
) -> None:
    done = posted(store_events, noon(38))
    sent(done, noon(38))
    since = read_retention(timezone.now()).longest_since
    with retention.only_prune() as session:
        assert sum(keeping.copy_events(session, old_day, since)) == 0
        replay(done, source)
        assert keeping.swap_events(session, old_day, since) == 1
    assert stored() == {done}


def test_a_replay_that_has_not_committed_yet_keeps_the_day(
    source: Source, store_events: Store, old_day: storage.DayTable, settings: Any
) -> None:
    done = posted(store_events, noon(38))
    sent(done, noon(38))
    with own_session(settings) as replaying:
        with replaying.transaction():
            replaying.execute(
                "insert into retry select %s, id, now(), 0, 0, 0, 1 from events where id = %s", [source.pk, done]
            )
            run()
            assert old_day.name in tables("events")
        run()
    assert stored() == {done}
    assert old_day.name not in tables("events")


def test_no_single_event_is_deleted_under_a_replay_that_has_looked_at_it(
    source: Source, store_events: Store, environment: Environment, settings: Any
) -> None:
    done = posted(store_events, noon(36))
    sent(done, noon(36))
    Environment.objects.filter(pk=environment.pk).update(retention_days=10)
    make_other_keep_longer()
    with own_session(settings) as replaying:
        with replaying.transaction(), replaying.cursor() as cursor:
            in_use.protect_references(cursor)
            found = cursor.execute("select id from events where id = %s", [done]).fetchall()
            report = run()
            assert report.busy
            cursor.execute("insert into retry values (%s, %s, now(), 0, 0, 0, 1)", [source.pk, found[0][0]])
        run()
    assert stored() == {done}


def test_a_replay_waits_for_a_deletion_and_then_finds_the_event_gone(
    source: Source, store_events: Store, settings: Any
) -> None:
    with own_session(settings) as pruning, own_session(settings) as replaying:
        with pruning.transaction(), pruning.cursor() as cursor:
            in_use.exclude_new_references(cursor)
            with replaying.transaction(), replaying.cursor() as other:
                other.execute("set local lock_timeout = '100ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable), replaying.transaction():
                    in_use.protect_references(other)
        with replaying.transaction(), replaying.cursor() as other, replaying.transaction():
            in_use.protect_references(other)


def test_a_kept_partition_has_the_indexes_of_every_other_and_attaching_it_built_none(
    source: Source, store_events: Store
) -> None:
    posted(store_events, noon(38))
    run()
    of_kept = rows("select count(*) from pg_indexes where tablename = %s", KEPT)
    assert of_kept == rows("select count(*) from pg_indexes where tablename = 'events'")
    attached = rows(
        "select count(*) from pg_inherits i join pg_index x on x.indexrelid = i.inhrelid"
        " where x.indrelid = %s::regclass",
        KEPT,
    )
    assert attached == of_kept


def test_new_days_get_every_index_of_their_parent() -> None:
    today = f"{timezone.now():%Y%m%d}"
    for parent in ("events", "settled", "attempts"):
        of_parent = rows("select count(*) from pg_indexes where tablename = %s", parent)
        assert rows("select count(*) from pg_indexes where tablename = %s", f"{parent}_{today}") == of_parent


def replay(event_id: UUID, source: Source) -> None:
    execute(
        "insert into retry select %s, id, now(), 0, 0, 0, 1 from events where id = %s",
        source.pk,
        event_id,
    )


def make_other_keep_longer() -> None:
    longer = make_environment("longer", timezone.now())
    Environment.objects.filter(pk=longer.pk).update(retention_days=90)
