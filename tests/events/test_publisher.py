"""The publisher against every way in which AWS answers, and every moment at which it can be interrupted."""

import contextlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from integrations.events import ingest, recording, session
from integrations.events.outcomes import delay
from integrations.events.publisher import Publisher
from integrations.events.recording import Recorder
from integrations.events.story import story_of
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Lane, Source
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tests.events.conftest import own_session, rows
from tests.events.fake_aws import FakeAws, HangUp, Whole, accept_all, refuse, urn_of

pytestmark = pytest.mark.django_db(transaction=True)

Store = Callable[..., list[ingest.Result]]
MakeSource = Callable[..., Source]


def event(n: int = 1, **fields: Any) -> dict[str, Any]:
    return {"tenant": "alder", "type": "order.created", "detail": {"n": n}} | fields


def events(count: int) -> list[dict[str, Any]]:
    return [event(n) for n in range(count)]


def queued() -> dict[str, int]:
    return {
        table: count
        for table in ("pending", "retry", "dead", "settled")
        if (count := rows(f"select count(*) from {table}")[0][0])
    }


def codes() -> Counter[str]:
    return Counter(
        dict(rows("select c.code, count(*) from attempts a join outcome_codes c on c.id = a.code group by 1"))
    )


def make_retries_due() -> None:
    rows("update retry set due_at = now() - interval '1 second' returning 1")


@pytest.fixture
def source(publisher: Publisher, tenant: Tenant, make_source: MakeSource) -> Source:
    """Alder's source, which AWS says is ACTIVE."""
    return make_source(tenant)


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


def test_only_the_refused_entry_is_tried_again(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    bad = store_events(*events(5))[3].event_id
    aws.behave = refuse("ThrottlingException", lambda entry: urn_of(entry).endswith(str(bad)))
    publisher.publish_round()
    assert (queued(), codes()) == ({"retry": 1}, Counter(accepted=4, ThrottlingException=1))
    aws.behave = accept_all
    make_retries_due()
    publisher.publish_round()
    assert [len(call) for call in aws.calls] == [5, 1]
    assert (queued(), codes()) == ({}, Counter(accepted=5, ThrottlingException=1))
    assert set(aws.accepted.values()) == {1}


def test_a_retry_waits_until_it_is_due(publisher: Publisher, aws: FakeAws, source: Source, store_events: Store) -> None:
    store_events(event())
    aws.behave = refuse("InternalFailure", lambda entry: True)
    publisher.publish_round()
    assert publisher.publish_round() == 0
    ((due_in,),) = rows("select extract(epoch from due_at - now()) from retry")
    assert 0 < due_in <= 1


def test_delays_double_up_to_a_quarter_of_an_hour_and_spread() -> None:
    assert timedelta(seconds=0.5) <= delay(1) <= timedelta(seconds=1)
    assert timedelta(seconds=4) <= delay(4) <= timedelta(seconds=8)
    assert delay(10_000) <= timedelta(minutes=15)
    assert len({delay(5) for _ in range(20)}) > 10


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument", "NotAuthorizedForDetailTypeException"])
def test_a_final_refusal_is_a_dead_letter_with_awss_words(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, environment: Environment, code: str
) -> None:
    (result,) = store_events(event())
    aws.behave = refuse(code, lambda entry: True, "the words of AWS \x00 with a NUL")
    publisher.publish_round()
    assert queued() == {"dead": 1}
    story = story_of(environment_id=environment.pk, event_id=result.event_id)
    assert story["state"] == "dead"
    assert story["deliveries"][0]["reason"] == code
    assert story["deliveries"][0]["message"].startswith("the words of AWS")
    assert [attempt["code"] for attempt in story["attempts"]] == [code]


def test_refusals_end_in_a_dead_letter_when_the_tries_are_used_up(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    settings.RETRY_MAX_TRIES = 3
    store_events(event())
    aws.behave = refuse("InternalFailure", lambda entry: True)
    for _ in range(3):
        publisher.publish_round()
        make_retries_due()
    assert (queued(), codes()) == ({"dead": 1}, Counter(InternalFailure=3))


@pytest.mark.parametrize(
    "behaviour",
    [
        Whole("ThrottlingException"),
        Whole("InternalException", 500),
        Whole("ServiceUnavailable", 503),
        HangUp(accepted=False),
    ],
    ids=["throttled", "internal", "unavailable", "no answer"],
)
def test_trouble_of_the_whole_call_never_makes_dead_letters(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any, behaviour: Exception
) -> None:
    settings.RETRY_MAX_TRIES = 2
    store_events(*events(3))

    def fail(entries: list[Any]) -> Any:
        raise behaviour

    aws.behave = fail
    for _ in range(4):
        publisher.publish_round()
        make_retries_due()
        Breaker.objects.all().delete()  # silence opens it
    assert queued() == {"retry": 3}
    aws.behave = accept_all
    publisher.publish_round()
    assert queued() == {}
    assert len(aws.accepted) == 3


def test_throttles_do_not_count_when_an_entry_is_refused_later(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    settings.RETRY_MAX_TRIES = 3
    store_events(event())

    def throttle(entries: list[Any]) -> Any:
        raise Whole("ThrottlingException")

    aws.behave = throttle
    for _ in range(5):
        publisher.publish_round()
        make_retries_due()
    aws.behave = refuse("InternalFailure", lambda entry: True)
    publisher.publish_round()
    assert queued() == {"retry": 1}
    for _ in range(2):
        make_retries_due()
        publisher.publish_round()
    assert queued() == {"dead": 1}


@pytest.mark.parametrize("words", ["\ud800 half a pair", "a NUL \x00", "x" * 100_000])
@pytest.mark.parametrize("code", ["ResourceNotFoundException", "Odd\x00Code\ud800" + "y" * 300])
def test_whatever_aws_says_of_an_entry_it_is_recorded_and_the_source_is_asked_for(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, words: str, code: str
) -> None:
    Source.objects.update(observed_at=timezone.now() - timedelta(minutes=10))
    store_events(event())
    aws.behave = refuse(code, lambda entry: True, words)
    publisher.publish_round()
    assert queued() == {"retry": 1}
    source.refresh_from_db()
    assert source.suspect_since is not None


@pytest.mark.parametrize("words", ["\ud800 half a pair", "a NUL \x00"])
def test_whatever_aws_says_of_our_credentials_the_breaker_opens(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, words: str
) -> None:
    store_events(event())

    def no_entry(entries: list[Any]) -> Any:
        raise Whole("ExpiredTokenException", message=words)

    aws.behave = no_entry
    publisher.publish_round()
    assert Breaker.objects.count() == 1


def test_a_probe_that_called_nobody_leaves_the_breaker_open(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, environment: Environment
) -> None:
    (gone,) = store_events(event())
    rows("delete from events where id = %s returning 1", gone.event_id)
    now = timezone.now()
    Breaker.objects.create(environment=environment, region="eu-west-1", opened_at=now, retry_at=now, code="x")
    publisher.publish_round()
    assert (aws.calls, queued(), Breaker.objects.count()) == ([], {"dead": 1}, 1)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "NotAuthorizedForSourceException"])
def test_a_whole_call_refused_for_one_vanished_source_leaves_the_others_alone(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Store, code: str
) -> None:
    fine = make_source(tenant)
    vanished = make_source(tenant, label="vanished")
    Source.objects.update(observed_at=timezone.now() - timedelta(minutes=10))
    store_events(*events(4))

    def refuse_vanished(entries: list[Any]) -> Any:
        if any(entry["Source"] == vanished.name for entry in entries):
            raise Whole(code)
        return accept_all(entries)

    aws.behave = refuse_vanished
    publisher.publish_round()
    assert queued() == {"retry": 4}
    assert {name for name, _ in aws.accepted} == {fine.name}
    assert [Lane.objects.get(source=each).publishable for each in (fine, vanished)] == [True, False]


def test_a_region_that_stays_silent_is_stopped_and_does_not_hold_up_the_others(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    make_source(tenant, label="silent")
    flowing = make_source(tenant, label="us", region="us-east-1")

    def hang_up(entries: list[Any]) -> Any:
        if entries[0]["Source"] != flowing.name:
            raise HangUp(accepted=False)
        return accept_all(entries)

    aws.behave = hang_up
    store_events(*events(200))
    publisher.publish_round()
    assert Breaker.objects.get().code == "NoAnswer"
    assert {name for name, _ in aws.accepted} == {flowing.name}
    while publisher.publish_round():
        pass
    assert len(aws.accepted) == 200
    assert rows("select count(*) from pending") == [(0,)] or Breaker.objects.count() == 1


def test_a_round_ends_in_time_and_has_recorded_what_it_sent(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from integrations.events import delivering

    monkeypatch.setattr(delivering, "ROUND_SECONDS", 0.5)

    def slowly(entries: list[Any]) -> Any:
        time.sleep(0.2)
        return accept_all(entries)

    aws.behave = slowly
    for _ in range(4):
        store_events(*events(400))
    publisher._next_size = 2_000
    started = time.monotonic()
    handled = publisher.publish_round()
    assert time.monotonic() - started < 3
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

    def defective(*arguments: Any, **options: Any) -> Any:
        seen.append(1)
        if len(seen) == 1:
            raise KeyError("a defect")
        return real(*arguments, **options)

    monkeypatch.setattr(sending, "put_partner_events", defective)
    store_events(*events(40))
    publisher.publish_round()
    assert (queued(), codes()) == ({"retry": 20}, Counter(accepted=20, outcome_unknown=20))


def test_an_event_that_cannot_be_judged_is_dead_and_its_neighbours_are_sent(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.events import delivering

    def fail_on_two(route: Any, tail: bytes) -> bool:
        if b'\\"n\\": 2' in tail:
            raise RecursionError
        return True

    store_events(*events(4))
    Lane.objects.update(selection_since=timezone.now() + timedelta(minutes=2))
    monkeypatch.setattr(delivering, "_selects", fail_on_two)
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
    from integrations.events.trouble import recording_trouble

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
    from integrations.events.retries import bring_back_from_the_future

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

    lane = WorkingLane(1, "n", 1, "r", "active", None)
    small = Delivery(lane, False, uuid7(), b"x" * 1_000, 0, 0, None)
    large = Delivery(lane, False, uuid7(), b"x" * 240_000, 0, 0, None)
    assert next_size([small] * 10) == LARGEST_CLAIM
    assert next_size([large] * 10) == 133


def test_a_call_accepted_without_an_answer_is_sent_again_under_the_same_event_id(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(3))

    def take_and_hang_up(entries: list[Any]) -> Any:
        raise HangUp(accepted=True)

    aws.behave = take_and_hang_up
    publisher.publish_round()
    assert codes() == Counter(outcome_unknown=3)
    aws.behave = accept_all
    make_retries_due()
    publisher.publish_round()
    assert queued() == {}
    assert list(aws.accepted.values()) == [2, 2, 2]


@pytest.mark.parametrize(
    "reply",
    [
        {"FailedEntryCount": 0, "Entries": [{"EventId": "one"}]},
        {"FailedEntryCount": 0, "Entries": []},
        {"FailedEntryCount": 0},
        {"FailedEntryCount": 2, "Entries": [{"EventId": "1"}, {"EventId": "2"}]},
        {"FailedEntryCount": 0, "Entries": [{}, {}]},
    ],
)
def test_a_truncated_or_inconsistent_reply_proves_nothing(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, reply: dict[str, Any]
) -> None:
    store_events(*events(2))
    aws.behave = lambda entries: reply
    publisher.publish_round()
    assert (queued(), codes()) == ({"retry": 2}, Counter(outcome_unknown=2))


def test_an_id_of_aws_that_is_not_a_uuid_is_kept_in_words(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(event())
    aws.behave = lambda entries: {"FailedEntryCount": 0, "Entries": [{"EventId": "odd-id-17"}]}
    publisher.publish_round()
    assert rows("select aws_id, message from attempts") == [(None, "EventId odd-id-17")]


def test_a_request_refused_for_one_entry_is_taken_apart_until_it_stands_alone(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    poison = store_events(*events(20))[13].event_id

    def refuse_poison(entries: list[Any]) -> Any:
        if any(urn_of(entry).endswith(str(poison)) for entry in entries):
            raise Whole("ValidationException")
        return accept_all(entries)

    aws.behave = refuse_poison
    publisher.publish_round()
    assert (queued(), codes()) == ({"dead": 1}, Counter(accepted=19, ValidationException=1))
    assert rows("select event_id from dead") == [(poison,)]


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "OperationDisabledException"])
def test_refused_credentials_stop_the_region_and_burn_no_event(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, environment: Environment, code: str
) -> None:
    (result, *_) = store_events(*events(3))

    def no_entry(entries: list[Any]) -> Any:
        raise Whole(code)

    aws.behave = no_entry
    publisher.publish_round()
    assert (queued(), codes()) == ({"pending": 3}, Counter())
    assert Breaker.objects.get().code == code
    calls = len(aws.calls)
    publisher.publish_round()
    assert len(aws.calls) == calls
    story = story_of(environment_id=environment.pk, event_id=result.event_id)
    assert (story["state"], story["deliveries"][0]["reason"]) == ("held", f"breaker:{code}")

    Breaker.objects.update(retry_at=timezone.now())
    publisher.publish_round()  # the probe fails: one call, and the pause grows
    assert len(aws.calls) == calls + 1
    assert Breaker.objects.get().retry_at > timezone.now() + timedelta(seconds=5)

    aws.behave = accept_all
    Breaker.objects.update(retry_at=timezone.now())
    publisher.publish_round()
    publisher.publish_round()
    assert (queued(), Breaker.objects.count()) == ({}, 0)


def test_an_endpoint_that_cannot_be_reached_stops_the_region(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.aws.errors import ConnectionFailed
    from integrations.events import sending

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionFailed("ConnectionFailed", "refused")

    store_events(event())
    monkeypatch.setattr(sending, "put_partner_events", unreachable)
    publisher.publish_round()
    assert (queued(), Breaker.objects.get().code) == ({"pending": 1}, "ConnectionFailed")


def test_a_refusal_as_if_the_source_were_gone_closes_the_gate_and_asks_aws(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    Source.objects.update(observed_at=timezone.now() - timedelta(minutes=10))
    store_events(*events(2))
    aws.behave = refuse("ResourceNotFoundException", lambda entry: True)
    publisher.publish_round()
    source.refresh_from_db()
    assert queued() == {"retry": 2}
    assert source.suspect_since is not None
    assert source.due_at is not None
    assert not Lane.objects.get(source=source).publishable
    make_retries_due()
    assert publisher.publish_round() == 0


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
    with session.open_session() as other, ThreadPoolExecutor(4) as calls, ThreadPoolExecutor(2) as both:
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
    with session.open_session() as fresh, ThreadPoolExecutor(4) as calls:
        assert Publisher(fresh, calls).publish_round() == 10
    assert queued() == {}
    assert set(aws.accepted.values()) == {2}  # AWS had accepted them before the session was lost


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


def test_a_body_that_commits_late_is_found_although_its_ids_are_below_the_floor(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    publisher.publish_round()  # hears that the gate opened, which clears the floors
    late = store_events(event())[0].event_id
    with own_session(settings) as other:
        other.execute("delete from pending")  # as if its transaction had not committed yet
        rows("select 1")
        publisher._floors._floors[source.pk] = late  # a later body was recorded meanwhile
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

    thread = threading.Thread(target=publisher.run_until, args=[time.monotonic() + 3])
    thread.start()
    while rows("select sleeping from wake") != [(True,)]:
        time.sleep(0.01)
    started = time.monotonic()
    store_events(event())
    ingest.wake_publisher(connection.connection)
    while not aws.accepted:
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


def test_a_second_publisher_finds_the_only_slot_taken(publisher: Publisher) -> None:
    assert session.take_slot(publisher._connection) == 0
    with session.open_session() as other:
        assert session.take_slot(other) is None


def test_codes_are_learned_once_and_shared(publisher: Publisher) -> None:
    recorder = Recorder(publisher._connection)
    recorder._learn_codes({"SomethingNew", "accepted"})
    assert recorder._codes["accepted"] == 0
    assert rows("select count(*) from outcome_codes where code = 'SomethingNew'") == [(1,)]
    Recorder(publisher._connection)._learn_codes({"SomethingNew"})
    assert rows("select count(*) from outcome_codes where code = 'SomethingNew'") == [(1,)]
