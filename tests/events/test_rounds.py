"""A round: what needs no call, what cannot be recorded, and that one victim never takes the others along."""

import contextlib
from collections import Counter
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from integrations.events import ingest, recording
from integrations.events.publisher import Publisher
from integrations.events.recording import Recorder
from integrations.events.routing import Route
from integrations.events.story import story_of
from integrations.events.trouble import recording_trouble
from integrations.registration.models import Environment
from integrations.sources.models import Lane, Source
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tests.events.conftest import rows
from tests.events.fake_aws import FakeAws, accept_all, refuse
from tests.events.publishing import MakeSource, Store, codes, event, events, queued

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_round_ends_in_time_and_has_recorded_what_it_sent(
    publisher: Publisher,
    aws: FakeAws,
    source: Source,
    store_events: Store,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    import time

    from integrations.events import delivering

    monkeypatch.setattr(delivering, "ROUND_SECONDS", 0.5)
    settings.CALLS_AT_ONCE = 8

    def slowly(entries: list[Any]) -> Any:
        time.sleep(0.2)
        return accept_all(entries)

    aws.behave = slowly
    for _ in range(4):
        store_events(*events(400))
    publisher._next_size = 2_000
    started = time.monotonic()
    handled = publisher.publish_round()
    assert time.monotonic() - started < 10  # a busy machine's; what counts is that it left the rest
    assert 0 < handled < 1_600
    assert rows("select count(*) from attempts") == [(handled,)] == [(len(aws.accepted),)]
    aws.behave = accept_all
    while publisher.publish_round():
        pass
    assert queued() == {}
    assert set(aws.accepted.values()) == {1}


def test_a_call_that_fails_by_our_own_defect_does_not_end_the_others(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.events import sending

    real, seen = sending.put_partner_events, []

    async def defective(*arguments: Any, **options: Any) -> Any:
        seen.append(1)
        if len(seen) == 1:
            raise KeyError("a defect")
        return await real(*arguments, **options)

    monkeypatch.setattr(sending, "put_partner_events", defective)
    store_events(*events(40))
    publisher.publish_round()
    assert (queued(), codes()) == ({"retry": 20}, Counter(accepted=20, outcome_unknown=20))


def test_an_event_that_cannot_be_judged_is_dead_and_its_neighbours_are_sent(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_on_two(route: Any, tail: bytes) -> bool:
        if b'\\"n\\": 2' in tail:
            raise RecursionError
        return True

    store_events(*events(4))
    Lane.objects.update(selection_since=timezone.now() + timedelta(minutes=2))
    monkeypatch.setattr(Route, "selects_stored", fail_on_two)
    publisher.publish_round()
    assert (queued(), len(aws.accepted)) == ({"dead": 1}, 3)
    assert rows("select c.code from dead d join outcome_codes c on c.id = d.code") == [("selection_failed",)]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5_000, "1e-400"])
def test_numbers_that_no_decoder_holds_are_judged_by_a_pattern_all_the_same(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, environment: Environment, number: str
) -> None:
    from django.db import connection

    make_source(tenant, pattern={"detail": {"a": [{"numeric": [">", 0, "<", 10]}], "b": [1]}})
    raw = f'{{"tenant":"alder","type":"t","detail":{{"a":{number},"b":1}}}}'.encode()
    good = b'{"tenant":"alder","type":"t","detail":{"a":5,"b":1}}'
    results = ingest.store_events(connection.connection, environment, [raw, good], timezone.now())
    assert [result.status for result in results] == ["stored", "stored"]
    publisher.publish_round()
    assert [entry["Detail"] for call in aws.calls for entry in call] == ['{"a":5,"b":1}']


def test_what_cannot_be_recorded_is_not_sent_again_and_again(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.events import publisher as publishing

    store_events(*events(100))
    publisher._connection.execute("select pg_advisory_unlock_all()")
    monkeypatch.setattr(recording, "TO_ACTIVITY", "select 1 / 0, %s, %s")
    try:
        for _ in range(5):
            with contextlib.suppress(psycopg.Error):
                publishing.publish_for_a_while()
        assert recording_trouble.failures == 1
        assert sum(map(len, aws.calls)) == 100
        recording_trouble._resume_at = 0.0
        with contextlib.suppress(psycopg.Error):
            publishing.publish_for_a_while()
        assert sum(map(len, aws.calls)) == 120  # one careful call
    finally:
        recording_trouble.clear()


def test_known_codes_cost_no_value_of_their_small_sequence(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(event())
    publisher.publish_round()
    before = rows("select last_value from outcome_codes_id_seq")
    for _ in range(3):
        Recorder(publisher._connection)._learn_codes({"accepted", "outcome_unknown"})
    assert rows("select last_value from outcome_codes_id_seq") == before


def test_what_a_fast_clock_postponed_is_brought_back(publisher: Publisher, source: Source, store_events: Store) -> None:
    from integrations.events.future_dues import bring_back_from_the_future

    (result,) = store_events(event())
    rows(
        "insert into retry (source_id, event_id, due_at, tries, refusals, code)"
        " values (%s, %s, now() + interval '9 days', 1, 0, 1) returning 1",
        source.pk,
        result.event_id,
    )
    bring_back_from_the_future(publisher._connection)
    assert rows("select due_at <= now() from retry") == [(True,)]


def test_a_claim_stays_near_its_bytes() -> None:
    from integrations.events.claims import LARGEST_CLAIM, Delivery, next_size
    from integrations.events.lanes import WorkingLane

    lane = WorkingLane(1, "n", b"", 1, "r", "active", None, False, False)
    small = Delivery(lane, False, uuid7().bytes, b"x" * 1_000)
    large = Delivery(lane, False, uuid7().bytes, b"x" * 240_000)
    assert next_size([small] * 10) == LARGEST_CLAIM
    assert next_size([large] * 10) == 133


def test_outcomes_are_recorded_all_or_nothing(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_events(*events(3))
    monkeypatch.setattr(recording, "TO_ACTIVITY", "select 1 / 0, %s, %s")
    with pytest.raises(Exception, match="division by zero"):
        publisher.publish_round()
    assert (queued(), codes()) == ({"pending": 3}, Counter())


def test_a_delivery_without_its_event_does_not_jam_the_queue(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    gone = store_events(*events(3))[0].event_id
    rows("delete from events where id = %s returning 1", gone)
    publisher.publish_round()
    assert (queued(), len(aws.accepted)) == ({"dead": 1}, 2)
    assert rows("select c.code from dead d join outcome_codes c on c.id = d.code") == [("event_missing",)]


def test_held_events_that_a_later_selection_excludes_are_settled_not_sent(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, store_events: Store, environment: Environment
) -> None:
    wanted, unwanted = store_events(event(type="order.created"), event(type="user.created"))
    reserve = Source.objects.get(account=None)
    Source.objects.filter(pk=reserve.pk).update(
        account="222222222222", name="aws.partner/shop.example.com.test/alder/x", region="eu-west-1",
        event_types=["order.created"], observed="active", observed_at=timezone.now(),
    )  # fmt: skip
    Lane.objects.update(publishable=True, region="eu-west-1", selection_since=timezone.now() + timedelta(minutes=2))
    publisher.publish_round()
    assert (queued(), len(aws.accepted)) == ({"settled": 1}, 1)
    stories = [story_of(environment_id=environment.pk, event_id=r.event_id) for r in (wanted, unwanted)]
    assert [(s["state"], s["deliveries"][0]["reason"]) for s in stories] == [
        ("accepted", None),
        ("settled", "filtered"),
    ]


def test_codes_are_learned_once_and_shared(publisher: Publisher) -> None:
    recorder = Recorder(publisher._connection)
    recorder._learn_codes({"SomethingNew", "accepted"})
    assert recorder._codes["accepted"] == 0
    assert rows("select count(*) from outcome_codes where code = 'SomethingNew'") == [(1,)]
    Recorder(publisher._connection)._learn_codes({"SomethingNew"})
    assert rows("select count(*) from outcome_codes where code = 'SomethingNew'") == [(1,)]


def test_many_lanes_together_take_no_more_than_the_round_may(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    for number in range(40):
        make_source(tenant, label=f"lane{number}")
    store_events(*events(30))  # 1,200 deliveries
    publisher._next_size = 100
    assert publisher.publish_round() <= 100
    while publisher.publish_round():
        pass
    assert (queued(), len(aws.accepted)) == ({}, 1_200)
    assert set(aws.accepted.values()) == {1}


def test_after_a_failure_to_record_one_careful_call_is_made_however_many_lanes_wait(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    for number in range(40):
        make_source(tenant, label=f"lane{number}")
    store_events(*events(3))
    recording_trouble.note()
    try:
        assert publisher.publish_round() == 20
        assert len(aws.calls) == 1
        assert publisher.publish_round() > 20  # something could be recorded again
    finally:
        recording_trouble.clear()


def test_small_rounds_serve_every_lane_and_the_retries_in_turn(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    for number in range(40):
        make_source(tenant, label=f"lane{number}")
    (first, *_) = store_events(*events(10))
    rows("delete from pending where event_id = %s returning 1", first.event_id)
    rows(
        "insert into retry (source_id, event_id, due_at, tries, refusals, code)"
        " select id, %s, now(), 1, 0, 1 from sources_source returning 1",
        first.event_id,
    )
    for _ in range(8):
        publisher._next_size = 20
        publisher.publish_round()
    assert len({name for name, _ in aws.accepted}) == 40  # with a backlog in each, none waits for another
    retried = {name for name, urn in aws.accepted if urn.endswith(str(first.event_id))}
    assert len(retried) == 40


def test_a_claim_reads_no_more_than_its_bytes_and_the_rest_later(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.events import claims

    monkeypatch.setattr(claims, "CLAIM_BYTES", 5_000)
    store_events(*[event(n, detail={"text": "x" * 900}) for n in range(12)])
    assert publisher.publish_round() == 4
    while publisher.publish_round():
        pass
    assert (queued(), codes()) == ({}, Counter(accepted=12))


def test_codes_beyond_what_the_dictionary_takes_share_a_name_and_keep_their_words(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = rows("select count(*) from outcome_codes")[0][0]
    monkeypatch.setattr(recording, "MOST_CODES", known)
    aws.behave = refuse("Code-8312", lambda entry: True, "why")
    store_events(event())
    publisher.publish_round()
    assert codes() == Counter(other_code=1)
    assert rows("select message from attempts") == [("Code-8312: why",)]


def test_a_gate_that_closes_during_a_round_ends_it_with_the_slice_in_hand(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    settings.CALLS_AT_ONCE = 1

    def close(entries: list[Any]) -> Any:
        rows("update sources_lane set publishable = false returning 1")
        return accept_all(entries)

    store_events(*events(60))
    aws.behave = close
    assert publisher.publish_round() == 20
    assert (queued(), len(aws.calls)) == ({"pending": 40}, 1)
