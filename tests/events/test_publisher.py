"""The publisher: calls, lanes, floors and sleep, and what happens when its session is lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import timezone

from integrations.aws.exchange import Exchanges
from integrations.events import ingest, session
from integrations.events.publisher import Publisher
from integrations.events.story import story_of
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Lane, Source
from tenants.models import Tenant
from tests.events.conftest import own_session, rows
from tests.events.fake_aws import FakeAws, Whole, accept_all
from tests.events.publishing import MakeSource, Store, codes, event, events, queued

pytestmark = pytest.mark.django_db(transaction=True)


def test_events_are_sent_in_calls_of_at_most_20_and_proven_by_attempts(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(45))
    assert publisher.publish_round() == 45
    assert sorted(len(call) for call in aws.calls) == [5, 20, 20]
    assert (queued(), codes()) == ({}, Counter(accepted=45))
    assert len(aws.accepted) == 45
    assert set(aws.accepted.values()) == {1}


def test_an_entry_carries_source_type_time_resources_and_the_detail_as_posted(
    publisher: Publisher, aws: FakeAws, source: Source, environment: Environment
) -> None:
    from django.db import connection

    raw = b'{"tenant":"alder","type":"order.created","time":"2026-11-23T09:30:00Z","detail":{"n" : 1.10, "n":1e400}}'
    (result,) = ingest.store_events(connection.connection, environment, [raw], timezone.now())
    publisher.publish_round()
    assert aws.calls == [
        [
            {
                "Source": source.name,
                "Time": 1795426200.0,
                "Resources": [f"urn:partnerbus:event:{result.event_id}"],
                "DetailType": "order.created",
                "Detail": '{"n" : 1.10, "n":1e400}',
            }
        ]
    ]


def test_a_closed_gate_holds_and_its_opening_lets_everything_flow(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, environment: Environment
) -> None:
    Lane.objects.update(publishable=False)
    (result, *_) = store_events(*events(30))
    assert publisher.publish_round() == 0
    assert story_of(environment_id=environment.pk, event_id=result.event_id)["state"] == "held"
    Lane.objects.update(publishable=True)
    assert publisher.publish_round() == 30
    assert queued() == {}


def test_events_of_two_regions_never_share_a_call(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    make_source(tenant)
    make_source(tenant, label="us", region="us-east-1")
    store_events(*events(3))
    publisher.publish_round()
    assert [{entry["Source"] for entry in call} for call in aws.calls] in (
        [{f"aws.partner/shop.example.com.test/alder/{a}"}, {f"aws.partner/shop.example.com.test/alder/{b}"}]
        for a, b in (("events", "us"), ("us", "events"))
    )


def test_two_publishers_never_send_the_same_delivery(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(500))
    with session.open_session() as other, Exchanges() as calls, ThreadPoolExecutor(2) as both:
        second = Publisher(other, calls)
        handled = [both.submit(p.publish_round) for p in (publisher, second) for _ in range(1)]
        assert sum(future.result() for future in handled) == 500
    assert set(aws.accepted.values()) == {1}
    assert (queued(), len(aws.accepted)) == ({}, 500)


def test_a_lane_of_a_lost_session_is_free_again_and_nothing_is_lost(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    store_events(*events(10))
    ((own_pid,),) = publisher._connection.execute("select pg_backend_pid()").fetchall()

    def cut_the_session(entries: list[Any]) -> Any:
        with own_session(settings) as other:
            other.execute("select pg_terminate_backend(%s)", [own_pid])
        return accept_all(entries)

    aws.behave = cut_the_session
    with pytest.raises(Exception, match=r"terminat|clos|consum"):
        publisher.publish_round()
    assert queued() == {"pending": 10}

    aws.behave = accept_all
    with session.open_session() as fresh, Exchanges() as calls:
        assert Publisher(fresh, calls).publish_round() == 10
    assert queued() == {}
    assert set(aws.accepted.values()) == {2}  # AWS had accepted them before the session was lost


def test_a_body_that_commits_late_is_found_although_its_ids_are_below_the_floor(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    publisher._hear_of_openings(5)  # that the gate opened, which clears the floors
    late = store_events(event())[0].event_id
    assert late is not None
    with own_session(settings) as other:
        other.execute("delete from pending")  # as if its transaction had not committed yet
        rows("select 1")
        publisher._floors._floors[source.pk] = late.bytes  # a later body was recorded meanwhile
        other.execute("insert into pending values (%s, %s)", [source.pk, late])
    assert publisher.publish_round() == 0
    publisher._floors._cleared_at -= 31
    publisher._floors.forget_if_due()
    assert publisher.publish_round() == 1


def test_the_floor_stays_behind_what_was_not_recorded(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(40))

    def second_call_fails(entries: list[Any]) -> Any:
        if len(aws.calls) > 1:
            raise Whole("ExpiredTokenException")
        return accept_all(entries)

    aws.behave = second_call_fails
    publisher.publish_round()
    assert queued() == {"pending": 20}
    aws.behave = accept_all
    Breaker.objects.all().delete()
    assert publisher.publish_round() == 20


def test_a_sleeping_publisher_wakes_when_events_are_stored(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    import threading
    import time

    from django.db import connection

    store_events(event())
    publisher.publish_round()  # credentials and a connection, which take seconds on a busy machine
    thread = threading.Thread(target=publisher.run_until, args=[time.monotonic() + 3])
    thread.start()
    while rows("select sleeping from wake") != [(True,)]:
        time.sleep(0.01)
    started = time.monotonic()
    store_events(event())
    ingest.wake_publisher(connection.connection)
    while len(aws.accepted) < 2:
        time.sleep(0.002)
    took = time.monotonic() - started
    thread.join()
    assert took < 0.9  # it would have looked by itself after a second
    assert queued() == {}


def test_the_wake_row_comes_back_after_a_crash_emptied_it(publisher: Publisher) -> None:
    rows("delete from wake returning 1")
    session.say_sleeping(publisher._connection, True)
    assert rows("select sleeping from wake") == [(True,)]
    session.say_sleeping(publisher._connection, False)


def test_a_second_publisher_finds_the_only_slot_taken(publisher: Publisher, settings: Any) -> None:
    settings.PUBLISHERS = 1
    assert session.take_slot(publisher._connection) == 0
    with session.open_session() as other:
        assert session.take_slot(other) is None
