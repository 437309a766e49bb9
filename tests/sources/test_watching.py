from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.sources.models import Source
from integrations.sources.sweep import sweep
from integrations.sources.timing import next_check
from integrations.sources.watching import watch
from tenants.models import Tenant
from tests.sandbox.started import World

Offer = Callable[..., Source]
LATER = timedelta(minutes=1)


def pending(make_source: Any, tenant: Tenant, **fields: Any) -> Source:
    now = timezone.now()
    return make_source(tenant, **{"observed": "pending", "due_at": now + LATER} | fields)  # type: ignore[no-any-return]


def test_a_pending_source_on_an_open_page_is_asked_about_at_once_and_then_every_few_seconds(
    make_source: Any, tenant: Tenant
) -> None:
    source, now = pending(make_source, tenant), timezone.now()
    assert watch(source, now)
    source.refresh_from_db()
    assert source.due_at == now
    again_at = next_check(source, now)
    assert again_at is not None
    assert again_at - now < timedelta(seconds=4)
    assert next_check(source, now + timedelta(minutes=20)) > now + timedelta(minutes=20, seconds=50)


def test_refreshing_a_page_writes_at_most_every_fifteen_seconds(
    make_source: Any, tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    source, now = pending(make_source, tenant), timezone.now()
    with django_assert_num_queries(3):
        moments = (0, 5, 16)
        assert [watch(source, now + timedelta(seconds=second)) for second in moments] == [True, False, True]


@pytest.mark.parametrize(
    "fields", [{"observed": "active"}, {"observed": "none", "ended": "gone"}, {"desired": "absent"}, {"due_at": None}]
)
def test_a_source_that_waits_for_nothing_is_not_asked_about_more_often(
    make_source: Any, tenant: Tenant, fields: dict[str, Any]
) -> None:
    source = pending(make_source, tenant, **fields)
    before = source.due_at
    assert not watch(source, timezone.now())
    source.refresh_from_db()
    assert source.due_at == before


def test_looking_does_not_shorten_the_pauses_between_calls_that_fail(make_source: Any, tenant: Tenant) -> None:
    source = pending(make_source, tenant, tries=5)
    due_at = source.due_at
    watch(source, timezone.now())
    source.refresh_from_db()
    assert source.due_at == due_at


def test_a_change_at_aws_is_seen_by_the_next_sweep_while_the_page_is_open(
    make_due: Any, offer: Offer, aws: World
) -> None:
    source = offer()
    sweep(clock=timezone.now)
    Source.objects.filter(pk=source.pk).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    aws.accept(source.name)
    watch(source, timezone.now())
    sweep(clock=timezone.now)
    source.refresh_from_db()
    assert (source.observed, source.watched_until) == ("active", None)
