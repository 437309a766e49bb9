from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sandbox.partner_sources import Lifetimes, Offer, Refused, Standing, Trigger, moved, outcome

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LIFETIMES = Lifetimes(pending=timedelta(days=7), deactivated=timedelta(days=14))
WAITING = (Standing.PENDING, Standing.PENDING_BUS_LEFT)

# The table of AWS's onboarding guide, row by row, in its own order.
DOCUMENTED = [
    ("none", "CreatePartnerEventSource", "pending"),
    ("pending", "CreateEventBus", "active"),
    ("pending", "expiry", "none"),
    ("pending", "DeletePartnerEventSource", "none"),
    ("active", "DeletePartnerEventSource", "deleted, bus left"),
    ("active", "DeactivateEventSource", "pending, bus left"),
    ("active", "DeleteEventBus", "pending"),
    ("deleted, bus left", "CreatePartnerEventSource", "pending, bus left"),
    ("pending, bus left", "ActivateEventSource", "active"),
    ("deleted, bus left", "DeleteEventBus", "none"),
    ("pending, bus left", "expiry", "deleted, bus left"),
    ("pending, bus left", "DeletePartnerEventSource", "deleted, bus left"),
    ("pending, bus left", "DeleteEventBus", "pending"),
]
REFUSED = [
    ("none", "CreateEventBus", "ResourceNotFoundException"),
    ("none", "ActivateEventSource", "ResourceNotFoundException"),
    ("none", "DeactivateEventSource", "ResourceNotFoundException"),
    ("pending", "CreatePartnerEventSource", "ResourceAlreadyExistsException"),
    ("pending", "ActivateEventSource", "ResourceNotFoundException"),
    ("pending", "DeactivateEventSource", "InvalidStateException"),
    ("active", "CreatePartnerEventSource", "ResourceAlreadyExistsException"),
    ("active", "CreateEventBus", "ResourceAlreadyExistsException"),
    ("active", "ActivateEventSource", "InvalidStateException"),
    ("deleted, bus left", "CreateEventBus", "InvalidStateException"),
    ("deleted, bus left", "ActivateEventSource", "InvalidStateException"),
    ("deleted, bus left", "DeactivateEventSource", "InvalidStateException"),
    ("pending, bus left", "CreatePartnerEventSource", "ResourceAlreadyExistsException"),
    ("pending, bus left", "CreateEventBus", "ResourceAlreadyExistsException"),
    ("pending, bus left", "DeactivateEventSource", "InvalidStateException"),
]
WITHOUT_EFFECT = [
    ("none", "DeletePartnerEventSource"),
    ("none", "expiry"),
    ("none", "DeleteEventBus"),
    ("pending", "DeleteEventBus"),
    ("active", "expiry"),
    ("deleted, bus left", "DeletePartnerEventSource"),
    ("deleted, bus left", "expiry"),
]


def an_offer(standing: Standing) -> Offer:
    expires_at = NOW + LIFETIMES.pending if standing in WAITING else None
    return Offer("eu-west-1", "aws.partner/x.test/a", "222222222222", "111111111111", standing, NOW, expires_at)


@pytest.mark.parametrize(("before", "trigger", "after"), DOCUMENTED)
def test_every_documented_transition_happens(before: str, trigger: str, after: str) -> None:
    assert outcome(Standing(before), Trigger(trigger)) == after


@pytest.mark.parametrize(("before", "trigger", "code"), REFUSED)
def test_every_impossible_trigger_is_refused_with_awss_code(before: str, trigger: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        outcome(Standing(before), Trigger(trigger))
    assert refused.value.refusal == code


@pytest.mark.parametrize(("standing", "trigger"), WITHOUT_EFFECT)
def test_idempotent_triggers_change_nothing(standing: str, trigger: str) -> None:
    assert outcome(Standing(standing), Trigger(trigger)) == standing


def test_the_three_tables_cover_every_pair_exactly_once() -> None:
    covered = [row[:2] for row in [*DOCUMENTED, *REFUSED, *WITHOUT_EFFECT]]
    assert sorted(covered) == sorted((standing.value, trigger.value) for standing in Standing for trigger in Trigger)


def test_a_new_offer_expires_after_the_pending_lifetime() -> None:
    offer = moved(an_offer(Standing.NONE), Trigger.CREATE, NOW, LIFETIMES)
    assert offer is not None
    assert offer.expires_at == NOW + timedelta(days=7)


def test_a_deactivated_source_expires_after_its_own_lifetime() -> None:
    later = NOW + timedelta(days=30)
    offer = moved(an_offer(Standing.ACTIVE), Trigger.DEACTIVATE, later, LIFETIMES)
    assert offer is not None
    assert offer.expires_at == later + timedelta(days=14)


def test_a_recreated_source_is_new_and_a_reattached_one_is_not() -> None:
    later = NOW + timedelta(days=30)
    recreated = moved(an_offer(Standing.DELETED_BUS_LEFT), Trigger.CREATE, later, LIFETIMES)
    assert recreated is not None
    assert recreated.created_at == later
    attached = moved(recreated, Trigger.ACTIVATE, later + timedelta(days=1), LIFETIMES)
    assert attached is not None
    assert attached.created_at == later


@given(st.lists(st.sampled_from(Trigger), max_size=30))
def test_whatever_happens_an_offer_expires_exactly_while_it_is_pending(triggers: list[Trigger]) -> None:
    offer = an_offer(Standing.NONE)
    for step, trigger in enumerate(triggers):
        now = NOW + timedelta(hours=step)
        try:
            offer = moved(offer, trigger, now, LIFETIMES) or an_offer(Standing.NONE)
        except Refused:
            continue
        assert (offer.expires_at is not None) == (offer.standing in WAITING)
        assert offer.is_live == (offer.state in ("PENDING", "ACTIVE")) or offer.standing is Standing.NONE


@given(st.lists(st.sampled_from(Trigger), max_size=30))
def test_nothing_but_the_customer_makes_a_source_active(triggers: list[Trigger]) -> None:
    standing = Standing.NONE
    for trigger in triggers:
        try:
            after = outcome(standing, trigger)
        except Refused:
            continue
        if after is Standing.ACTIVE and standing is not Standing.ACTIVE:
            assert trigger in (Trigger.ATTACH, Trigger.ACTIVATE)
        standing = after
