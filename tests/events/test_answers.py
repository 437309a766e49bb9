"""What each answer of AWS makes of a delivery: accepted, tried again, or dead."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.events.outcomes import delay
from integrations.events.publisher import Publisher
from integrations.events.story import story_of
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Lane, Source
from tenants.models import Tenant
from tests.events.conftest import rows
from tests.events.fake_aws import FakeAws, HangUp, Whole, accept_all, refuse, urn_of
from tests.events.publishing import MakeSource, Store, codes, event, events, make_retries_due, queued

pytestmark = pytest.mark.django_db(transaction=True)


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


@pytest.mark.parametrize(("code", "queue"), [("InternalFailure", "dead"), ("ThrottlingException", "retry")])
def test_an_entry_refused_for_a_day_is_dead_at_the_next_refusal_unless_aws_only_asked_for_patience(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, code: str, queue: str
) -> None:
    store_events(event())
    aws.behave = refuse("InternalFailure", lambda entry: True)
    publisher.publish_round()
    assert queued() == {"retry": 1}
    rows("update retry set refused_since = now() - interval '25 hours', due_at = now() returning 1")
    aws.behave = refuse(code, lambda entry: True)
    publisher.publish_round()
    assert queued() == {queue: 1}
