"""The work of a replay: what goes back into the queue, how fast, and what a crash, a second worker or a cancel does."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.events import in_use, replaying, tasks
from integrations.events.models import Redriven, Replay
from integrations.events.publisher import Publisher
from integrations.events.replaying import advance_once, replay_for_a_while
from integrations.events.replays import cancel_replay
from integrations.locks import LANE_LOCK, REPLAY_LOCK
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.conftest import SYSTEM
from tests.events.conftest import WAITING, own_session, rows
from tests.events.fake_aws import FakeAws
from tests.events.publishing import MakeSource, Store, event, events
from tests.events.replayed import DIED_AT, accept, ask, ids, kill, queued_for, run, send

State = Replay.State


@pytest.fixture
def alder(store: None, tenant: Tenant, make_source: MakeSource) -> Source:
    """Alder's source, in a transaction that is rolled back."""
    return make_source(tenant)


def test_accepted_deliveries_are_queued_again_behind_new_events_and_the_replay_is_done_when_they_are_sent(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    stored = ids(store_events(*events(3)))
    accept(alder, *stored)
    replay = run(ask(environment))
    assert queued_for(replay) == stored
    assert rows("select count(*) from pending") == [(0,)]
    assert rows("select distinct tries, refusals, code, due_at <= now() + interval '10 s' from retry") == [
        (0, 0, 0, True)
    ]
    assert (replay.state, replay.matched, replay.enqueued, replay.ended_at) == (State.RUNNING, 3, 3, None)
    send(replay)
    run(replay, timezone.now() + timedelta(minutes=2))
    assert (replay.state, replay.due_at) == (State.DONE, None)
    assert replay.ended_at is not None


def test_a_dead_letter_leaves_the_dead_and_is_remembered_until_it_is_sent(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    (stored,) = ids(store_events(event()))
    kill(alder, stored)
    replay = run(ask(environment))
    assert queued_for(replay) == [stored]
    assert rows("select count(*) from dead") == [(0,)]
    assert Redriven.objects.filter(replay=replay, message="said AWS", tries=7).count() == 1
    send(replay)
    run(replay, timezone.now() + timedelta(minutes=2))
    assert (replay.state, Redriven.objects.count()) == (State.DONE, 0)


def test_what_is_queued_already_stays_as_it_is(alder: Source, environment: Environment, store_events: Store) -> None:
    waiting, retried, accepted = ids(store_events(*events(3)))
    accept(alder, retried, accepted)
    rows(
        "insert into retry (source_id, event_id, due_at, tries, refusals, code)"
        " values (%s, %s, now() + interval '9 min', 4, 2, 1) returning 1",
        alder.pk,
        retried,
    )
    replay = run(ask(environment))
    assert (replay.matched, queued_for(replay)) == (1, [accepted])
    assert rows("select tries, refusals, replay_id from retry where event_id = %s", retried) == [(4, 2, None)]
    assert rows("select event_id from pending") == [(waiting,)]


def test_what_is_accepted_after_the_request_is_not_part_of_it(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    early, late = ids(store_events(*events(2)))
    accept(alder, early)
    replay = ask(environment)
    accept(alder, late, ago="-1 s")
    assert queued_for(run(replay)) == [early]


def test_a_rate_spreads_due_times_and_queues_only_some_seconds_ahead(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    stored = ids(store_events(*events(50)))
    accept(alder, *stored)
    replay = ask(environment, rate=2)
    start = timezone.now()
    run(replay, start)
    assert queued_for(replay) == stored[:20]
    assert rows("select max(due_at) - min(due_at) from retry") == [(timedelta(seconds=9.5),)]
    run(replay, start + timedelta(seconds=3))
    assert queued_for(replay) == stored[:26]
    assert rows("select max(due_at) from retry") == [(start + timedelta(seconds=12.5),)]


def test_a_rate_of_one_a_second_goes_on_when_the_worker_was_away(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    accept(alder, *ids(store_events(*events(30))))
    replay = ask(environment, rate=1)
    start = timezone.now()
    run(replay, start)
    away = start + timedelta(minutes=5)
    run(replay, away)
    assert rows("select count(*), max(due_at) from retry") == [(20, away + timedelta(seconds=9))]


def test_no_delivery_is_skipped_or_doubled_whatever_the_length_of_a_stretch(
    tenant: Tenant,
    environment: Environment,
    store: None,
    make_source: MakeSource,
    store_events: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources = [make_source(tenant, label=label) for label in ("one", "two", "three")]
    stored = ids(store_events(*events(11)))
    for source in sources:
        accept(source, *stored[:8])
        kill(source, *stored[8:])
    monkeypatch.setattr(replaying, "STRETCH", 4)
    replay = run(ask(environment))
    assert (replay.matched, replay.enqueued, len(queued_for(replay))) == (33, 33, 33)
    assert rows("select count(distinct (source_id, event_id)) from retry") == [(33,)]
    assert replay.walk == Replay.Walk.OVER


def test_a_worker_that_dies_in_a_stretch_has_queued_all_of_it_or_nothing(
    alder: Source, environment: Environment, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(alder, *ids(store_events(*events(25))))
    monkeypatch.setattr(replaying, "STRETCH", 10)
    replay = ask(environment, states=["accepted"])
    advance_once(replay.pk, timezone.now())
    with monkeypatch.context() as dying:
        dying.setattr(Replay, "save", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            advance_once(replay.pk, timezone.now())
    assert len(queued_for(replay)) == 10
    run(replay)
    assert (replay.enqueued, len(queued_for(replay))) == (25, 25)


def test_a_dead_letter_whose_event_is_gone_is_counted_as_missing_and_stays_dead(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    gone, there = ids(store_events(*events(2)))
    kill(alder, gone, there)
    rows("delete from events where id = %s returning 1", gone)
    replay = run(ask(environment))
    assert (replay.missing, replay.enqueued) == (1, 1)
    assert rows("select event_id from dead") == [(gone,)]


def test_a_replay_to_a_closed_gate_is_queued_and_held_and_one_to_a_withdrawn_source_is_not(
    tenant: Tenant, environment: Environment, store: None, make_source: MakeSource, store_events: Store
) -> None:
    paused, absent = make_source(tenant, label="paused"), make_source(tenant, label="absent")
    (stored,) = ids(store_events(event()))
    accept(paused, stored)
    accept(absent, stored)
    Source.objects.filter(pk=paused.pk).update(desired="paused")
    Source.objects.filter(pk=absent.pk).update(desired="absent")
    replay = run(ask(environment))
    assert rows("select source_id from retry where replay_id = %s", replay.pk) == [(paused.pk,)]
    assert replay.state == State.RUNNING


def test_cancelling_takes_back_what_is_not_sent_and_dead_letters_come_back_as_they_were(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    accepted, dead, tried = ids(store_events(*events(3)))
    accept(alder, accepted)
    kill(alder, dead, tried)
    replay = run(ask(environment))
    rows(
        "update retry set tries = 1, code = 1, due_at = now() + interval '1 min' where event_id = %s returning 1", tried
    )
    cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    run(replay)
    assert (replay.state, replay.withdrawn, queued_for(replay)) == (State.CANCELLED, 3, [])
    assert rows("select event_id, at = %s::timestamptz, code, tries, message from dead order by 1", DIED_AT) == [
        (dead, True, 2, 7, "said AWS"),
        (tried, True, 2, 7, "said AWS"),
    ]
    assert Redriven.objects.count() == 0


def test_cancelling_leaves_other_replays_and_other_retries_alone(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    first, second = ids(store_events(*events(2)))
    accept(alder, first, second)
    other = run(ask(environment, events=[first]))
    replay = run(ask(environment))
    cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    run(replay)
    assert queued_for(other) == [first]


def test_nothing_more_is_queued_after_cancelling(
    alder: Source, environment: Environment, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(alder, *ids(store_events(*events(5))))
    monkeypatch.setattr(replaying, "STRETCH", 2)
    replay = ask(environment, states=["accepted"])
    advance_once(replay.pk, timezone.now())
    cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    run(replay)
    assert (replay.state, replay.enqueued, replay.withdrawn, queued_for(replay)) == (State.CANCELLED, 2, 2, [])


def test_a_replay_that_cannot_go_on_is_tried_again_later_and_holds_up_no_other(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    monkeypatch: Any,
) -> None:
    accept(make_source(tenant), *ids(store_events(event())))
    broken, sound = ask(environment), ask(environment)
    works = replaying._enqueue

    def enqueue(replay: Replay, *arguments: Any) -> Any:
        return rows("select 1 / 0") if replay.pk == broken.pk else works(replay, *arguments)

    with monkeypatch.context() as breaking:
        breaking.setattr(replaying, "_enqueue", enqueue)
        replay_for_a_while(timezone.now)
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert "division by zero" in broken.failure
    assert broken.due_at is not None
    assert (broken.tries, broken.due_at > timezone.now(), sound.enqueued) == (1, True, 1)
    run(broken)
    assert (broken.failure, broken.tries) == ("", 0)


def test_the_task_works_until_nothing_is_due_and_a_second_worker_leaves_it_alone(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    settings: Any,
) -> None:
    accept(make_source(tenant), *ids(store_events(*events(5))))
    replay = ask(environment)
    with own_session(settings) as other:
        other.execute("select pg_advisory_lock(%s, 0)", [REPLAY_LOCK])
        tasks.replay()
        assert queued_for(replay) == []
    tasks.replay()
    assert len(queued_for(replay)) == 5
    assert not replaying.is_any_due(timezone.now())


def test_two_workers_on_one_replay_queue_everything_once(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accept(make_source(tenant), *ids(store_events(*events(200))))
    monkeypatch.setattr(replaying, "STRETCH", 10)
    replay = ask(environment)
    workers = [in_thread(lambda: run(Replay.objects.get(pk=replay.pk))) for _ in range(2)]
    for worker in workers:
        worker.join(30)
    replay.refresh_from_db()
    assert (replay.enqueued, len(queued_for(replay)), replay.walk) == (200, 200, Replay.Walk.OVER)


def test_two_overlapping_replays_at_once_queue_each_delivery_once(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = make_source(tenant)
    stored = ids(store_events(*events(200)))
    accept(source, *stored[:100])
    kill(source, *stored[100:])
    monkeypatch.setattr(replaying, "STRETCH", 10)
    replays = [ask(environment), ask(environment)]
    workers = [in_thread(lambda each=each: run(Replay.objects.get(pk=each.pk), steps=100)) for each in replays]
    for worker in workers:
        worker.join(30)
    assert rows("select count(*) from retry") == [(200,)]
    assert rows("select sum(enqueued) from replays") == [(200,)]
    assert rows("select count(*) from dead") == [(0,)]


def test_a_delivery_that_a_publisher_is_sending_is_taken_back_only_after_its_outcome_is_recorded(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken back earlier, a delivery whose sending fails would be put back into the queue by the publisher."""
    monkeypatch.setattr("integrations.events.withdrawal.PATIENCE", "200ms")
    sending, free = make_source(tenant), make_source(tenant, label="free")
    (stored,) = ids(store_events(event()))
    kill(sending, stored)
    accept(free, stored)
    replay = run(ask(environment))
    with own_session(settings) as publisher:
        publisher.execute("select pg_advisory_lock(%s, %s)", [LANE_LOCK, sending.pk])
        cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
        run(replay)
        assert (replay.state, replay.withdrawn) == (State.CANCELLING, 1)
        assert rows("select source_id from retry") == [(sending.pk,)]
        publisher.execute("update retry set tries = 1, code = 1")
        publisher.execute("select pg_advisory_unlock(%s, %s)", [LANE_LOCK, sending.pk])
    run(replay)
    assert (replay.state, replay.withdrawn) == (State.CANCELLED, 2)
    assert rows("select count(*) from retry") == [(0,)]
    assert rows("select source_id, tries from dead") == [(sending.pk, 7)]


def test_a_lane_that_publishers_never_leave_is_waited_for(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    settings: Any,
) -> None:
    """A publisher only tries to lock a lane: whoever waits for it comes first."""
    source = make_source(tenant)
    accept(source, *ids(store_events(event())))
    replay = run(ask(environment))
    cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    with own_session(settings) as publisher:
        publisher.execute("select pg_advisory_lock(%s, %s)", [LANE_LOCK, source.pk])
        worker = in_thread(lambda: run(Replay.objects.get(pk=replay.pk)))
        until(lambda: rows(WAITING) == [(1,)])
        publisher.execute("select pg_advisory_unlock(%s, %s)", [LANE_LOCK, source.pk])
        worker.join(10)
    replay.refresh_from_db()
    assert replay.state == State.CANCELLED


def test_prune_and_a_replay_exclude_each_other_so_that_no_event_goes_under_its_hands(
    committed: None,
    environment: Environment,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    settings: Any,
) -> None:
    accept(make_source(tenant), *ids(store_events(event())))
    replay = ask(environment, states=["accepted"])
    with own_session(settings) as prune, prune.transaction():
        in_use.exclude_new_references(prune.cursor())
        worker = in_thread(lambda: run(Replay.objects.get(pk=replay.pk)))
        until(lambda: rows(WAITING) == [(1,)])
        assert queued_for(replay) == []
    worker.join(10)
    assert len(queued_for(replay)) == 1


def test_a_replay_reaches_aws_under_the_same_event_id_and_its_attempts_say_whose_they_are(
    publisher: Publisher, aws: FakeAws, source: Source, environment: Environment, store_events: Store
) -> None:
    stored = ids(store_events(*events(3)))
    publisher.publish_round()
    replay = run(ask(environment))
    assert replay.enqueued == 3
    publisher.publish_round()
    assert set(aws.accepted.values()) == {2}
    assert {urn for _, urn in aws.accepted} == {f"urn:partnerbus:event:{event_id}" for event_id in stored}
    assert rows("select replay_id, count(*) from attempts group by 1 order by 1 nulls first") == [
        (None, 3),
        (replay.pk, 3),
    ]
    assert run(replay, timezone.now() + timedelta(minutes=2)).state == State.DONE


def in_thread(work: Callable[[], object]) -> threading.Thread:
    """Run it as another worker would, on a connection of its own."""

    def run_and_close() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run_and_close, daemon=True)
    thread.start()
    return thread


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition, for a while."""
    pause = threading.Event()
    for _ in range(int(seconds * 50)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come true")
