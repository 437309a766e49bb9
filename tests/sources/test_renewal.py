"""An offer that ended can be made again: same name, same lane, and what it held flows afterwards."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from integrations.sources.models import Lane, Source, SourceChange
from integrations.sources.states import shown_state
from integrations.sources.sweep import sweep
from tenants.models import AuditEntry
from tests.sandbox.started import DAY, World

Offer = Callable[..., Source]


def swept(source: Source) -> Source:
    Source.objects.filter(pk=source.pk).exclude(due_at=None).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    return Source.objects.get(pk=source.pk)


def test_an_expired_offer_is_made_again_by_the_same_request(offer: Offer, aws: World) -> None:
    source = swept(swept(offer()))
    aws.advance(30 * DAY)
    expired = swept(source)
    assert shown_state(expired) == "expired"
    again = offer()
    assert (again.pk, shown_state(again), again.intent) == (source.pk, "requested", expired.intent + 1)
    assert shown_state(swept(swept(again))) == "pending"
    aws.accept(source.name)
    assert shown_state(swept(again)) == "active"
    assert Lane.objects.get(source=source).publishable
    change = SourceChange.objects.filter(source=source, field="state").get()
    assert (change.before, change.after, change.cause) == ("expired", "requested", "system")
    assert AuditEntry.objects.filter(action="source:offer-again").count() == 1


def test_a_source_that_vanished_with_its_bus_left_waits_for_its_tenant_again(offer: Offer, aws: World) -> None:
    source = swept(swept(offer()))
    aws.accept(source.name)
    swept(source)
    aws.withdraw(source.name)
    assert shown_state(swept(source)) == "gone"
    offer()
    assert shown_state(swept(swept(source))) == "pending"
    assert not Lane.objects.get(source=source).publishable


def test_a_failed_offer_is_made_again_once_what_failed_it_is_mended(offer: Offer, aws: World) -> None:
    source = offer()
    Source.objects.filter(pk=source.pk).update(
        failure_code="AccessDeniedException", failure_message="no", failure_final=True, due_at=None
    )
    offer()
    assert shown_state(swept(source)) in ("requested", "pending")
    assert Source.objects.get(pk=source.pk).failure_code == ""


@pytest.mark.usefixtures("aws")
def test_an_offer_that_lives_is_left_as_it_is(offer: Offer) -> None:
    source = swept(swept(offer()))
    offer()
    assert Source.objects.get(pk=source.pk).intent == source.intent
    assert not AuditEntry.objects.filter(action="source:offer-again").exists()
