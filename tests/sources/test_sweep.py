"""The whole way of a source, against the simulator."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.sources import sweep as sweeping
from integrations.sources.models import Lane, Source, SourceChange
from integrations.sources.reserve import reserve_for
from integrations.sources.states import shown_state
from integrations.sources.suspicion import suspect
from integrations.sources.sweep import sweep
from tests.sandbox.started import DAY, World
from tests.sources.conftest import ALDER_ACCOUNT

Offer = Callable[..., Source]


def swept(source: Source) -> Source:
    """Ask AWS about the source now and return what is stored then."""
    Source.objects.filter(pk=source.pk).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    return Source.objects.get(pk=source.pk)


def is_open(source: Source) -> bool:
    return Lane.objects.get(source=source).publishable


def test_a_source_is_offered_observed_accepted_and_opened(offer: Offer, aws: World) -> None:
    source = swept(offer())
    assert (shown_state(source), is_open(source)) == ("pending", False)
    assert aws.seen_by_partner(source.name) == "PENDING"
    assert source.expires_at is not None
    assert timedelta(days=1) < source.expires_at - timezone.now() < timedelta(days=15)
    aws.accept(source.name)
    source = swept(source)
    assert (shown_state(source), is_open(source), source.expires_at) == ("active", True, None)
    path = SourceChange.objects.filter(source=source, field="observed").order_by("id").values_list("before", "after")
    assert list(path) == [("unknown", "pending"), ("pending", "active")]


def test_a_bus_that_the_customer_deletes_closes_the_gate_until_it_is_back(offer: Offer, aws: World) -> None:
    source = swept(offer())
    aws.accept(source.name)
    assert is_open(swept(source))
    aws.alder.delete_event_bus(Name=source.name)
    source = swept(source)
    assert (shown_state(source), is_open(source)) == ("pending", False)
    aws.accept(source.name)
    assert is_open(swept(source))


def test_after_the_activation_the_tenant_has_a_moment_to_make_its_rules(
    offer: Offer, aws: World, settings: Any
) -> None:
    settings.ACTIVATION_PAUSE_SECONDS = 10
    source = swept(offer())
    aws.accept(source.name)
    source = swept(source)
    assert (shown_state(source), is_open(source)) == ("active", False)
    assert source.due_at == source.opens_at
    assert timedelta(seconds=8) < source.opens_at - timezone.now() <= timedelta(seconds=10)
    Source.objects.filter(pk=source.pk).update(opens_at=timezone.now())
    source = swept(source)
    assert (is_open(source), source.opens_at) == (True, None)


def test_a_source_detached_during_the_moment_stays_closed(offer: Offer, aws: World, settings: Any) -> None:
    settings.ACTIVATION_PAUSE_SECONDS = 10
    source = swept(offer())
    aws.accept(source.name)
    swept(source)
    aws.alder.delete_event_bus(Name=source.name)
    source = swept(source)
    assert (shown_state(source), is_open(source), source.opens_at) == ("pending", False, None)


def test_an_offer_that_vanishes_early_has_expired_and_the_history_says_so(offer: Offer, aws: World) -> None:
    source = swept(offer())
    aws.withdraw(source.name)
    assert shown_state(swept(source)) == "expired"
    change = SourceChange.objects.filter(source=source).latest("id")
    assert "as its end" in change.note


def test_an_accepted_source_that_vanishes_is_gone(offer: Offer, aws: World) -> None:
    source = swept(offer())
    aws.accept(source.name)
    swept(source)
    aws.withdraw(source.name)
    assert shown_state(swept(source)) == "gone"


def test_a_source_that_nobody_accepted_in_time_has_expired(offer: Offer, aws: World) -> None:
    source = swept(offer())
    aws.advance(30 * DAY)
    source = swept(source)
    assert (shown_state(source), is_open(source)) == ("expired", False)
    assert SourceChange.objects.filter(source=source).latest("id").cause == "expiry"


def test_what_aws_offers_again_is_not_ended_any_more(offer: Offer, aws: World) -> None:
    source = swept(offer())
    aws.withdraw(source.name)
    assert shown_state(swept(source)) == "expired"
    aws.offer(source.name, ALDER_ACCOUNT)
    source = swept(source)
    assert (shown_state(source), source.ended) == ("pending", "")


def test_a_suspect_source_that_is_fine_opens_again_at_once(offer: Offer, aws: World) -> None:
    source = swept(offer())
    aws.accept(source.name)
    source = swept(source)
    Source.objects.filter(pk=source.pk).update(observed_at=timezone.now() - timedelta(minutes=1))
    sent_at = timezone.now()
    assert suspect(source_id=source.pk, sent_at=sent_at, now=sent_at, code="Odd", message="")
    assert not is_open(source)
    sweep(clock=timezone.now)
    assert is_open(source)
    assert Source.objects.get(pk=source.pk).failure_code == ""


def test_credentials_that_aws_refuses_hold_everything_and_lose_nothing(offer: Offer, aws: World) -> None:
    source = offer()
    aws.faults(credentials_error="ExpiredTokenException")
    assert shown_state(swept(source)) == "requested"
    aws.faults()
    assert shown_state(swept(source)) == "requested"  # the breaker is not to be probed yet
    source.environment.breakers.update(retry_at=timezone.now())
    assert shown_state(swept(source)) == "pending"
    assert not source.environment.breakers.exists()


def test_a_reserve_is_never_offered_to_anybody(tenant: Any, aws: World) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve is not None
    assert swept(reserve).provisioned_at is None


def test_a_budget_bounds_a_sweep_and_says_that_more_is_due(offer: Offer, aws: World) -> None:
    for label in ("a", "b", "c"):
        offer(label=label)
    assert sweep(clock=timezone.now, steps=2)
    assert Source.objects.filter(provisioned_at=None).count() == 1
    assert not sweep(clock=timezone.now)
    assert Source.objects.filter(observed="pending").count() == 3


def test_a_sweep_ends_when_its_time_is_over(offer: Offer, aws: World) -> None:
    offer()
    assert sweep(clock=timezone.now, life=timedelta(0))
    assert Source.objects.filter(provisioned_at=None).count() == 1


def test_a_request_goes_before_the_regular_look_at_sources_that_work(
    offer: Offer, aws: World, make_source: Any, tenant: Any
) -> None:
    make_source(tenant, label="old", due_at=timezone.now() - timedelta(hours=1))
    requested = offer()
    sweep(clock=timezone.now, steps=1)
    requested.refresh_from_db()
    assert requested.provisioned_at is not None


def test_one_source_that_breaks_the_code_does_not_hold_up_the_others(
    offer: Offer, aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = offer(label="broken"), offer(label="fine")
    provision = sweeping.provision

    def failing(source: Source, clock: Any) -> None:
        if source.pk == broken.pk:
            raise ZeroDivisionError
        provision(source, clock)

    monkeypatch.setattr(sweeping, "provision", failing)
    sweep(clock=timezone.now)
    assert shown_state(Source.objects.get(pk=fine.pk)) == "pending"
    broken.refresh_from_db()
    assert broken.due_at is not None
    assert broken.due_at > timezone.now()
