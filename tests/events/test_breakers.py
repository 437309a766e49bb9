"""Where publishing stops for a whole environment and region, and how it resumes."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.events.publisher import Publisher
from integrations.events.story import story_of
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.events.conftest import rows
from tests.events.fake_aws import Behaviour, FakeAws, HangUp, Whole, accept_all
from tests.events.publishing import MakeSource, Store, codes, event, events, queued

pytestmark = pytest.mark.django_db(transaction=True)


def refuse_whole(code: str) -> Behaviour:
    """Refuse every request as a whole."""

    def behave(entries: list[Any]) -> Any:
        raise Whole(code)

    return behave


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

    async def unreachable(*_: object, **__: object) -> None:
        raise ConnectionFailed("ConnectionFailed", "refused")

    store_events(event())
    monkeypatch.setattr(sending, "put_partner_events", unreachable)
    publisher.publish_round()
    assert (queued(), Breaker.objects.get().code) == ({"pending": 1}, "ConnectionFailed")


def test_a_probe_goes_out_although_a_rest_has_emptied_the_bucket(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, settings: Any
) -> None:
    settings.PARTNER_CALLS_PER_SECOND = 5
    aws.behave = refuse_whole("ExpiredTokenException")
    store_events(event())
    publisher._courier._pace._filled(("111111111111", source.region)).calls = 1.0
    publisher.publish_round()
    assert Breaker.objects.count() == 1
    aws.behave = accept_all
    publisher._courier.rest()
    Breaker.objects.update(retry_at=timezone.now())
    publisher.publish_round()
    assert (queued(), Breaker.objects.count()) == ({}, 0)


def test_a_place_that_refuses_everything_as_invalid_stops_and_burns_no_event(
    publisher: Publisher, aws: FakeAws, source: Source, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    make_source(tenant, label="second")
    aws.behave = refuse_whole("ValidationException")
    store_events(*events(100))
    publisher.publish_round()
    assert (queued(), Breaker.objects.get().code) == ({"pending": 200}, "ValidationException")
    assert len(aws.calls) == 10
