"""A tenant asks why nothing arrives: the answer in its words, the button that mends it, nothing of anybody else's."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.registration.models import ApiKey, Breaker
from integrations.sources.models import Desired, Source
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, MakeSource, accepted, bury, store_event

Shown = Callable[..., str]


@pytest.fixture
def shown(cast: Cast, client_of: ClientOf) -> Shown:
    def of(role: str = "tenant admin") -> str:
        answer = client_of(role).get(f"/portal/{cast.alder.public_id}/no-events")
        assert answer.status_code == 200
        return answer.content.decode()

    return of


@pytest.fixture
def source(cast: Cast, make_source: MakeSource, api_key: str, now: datetime) -> Source:
    """Everything is well."""
    source = make_source(cast.alder)
    store_event(cast.alder, source)
    accepted(source)
    return source


def href(source: Source, cast: Cast, page: str = "") -> str:
    return f'href="/portal/{cast.alder.public_id}/sources/{source.public_id}{page}"'


def test_without_a_source_the_answer_is_to_connect_an_account(shown: Shown, cast: Cast) -> None:
    page = shown()
    assert "Your provider has sent nothing for you yet." in page
    assert "No AWS account is connected." in page


def test_an_offer_that_waits_is_handed_over_by_an_admin_and_looked_at_by_a_viewer(
    shown: Shown, cast: Cast, source: Source
) -> None:
    Source.objects.filter(pk=source.pk).update(observed="pending")
    assert href(source, cast, "/hand-over") in shown()
    viewed = shown("tenant viewer")
    assert "No event bus is attached in your AWS account." in viewed
    assert "AWS says PENDING" in viewed
    assert "/hand-over" not in viewed
    assert f'<a class="btn btn-primary" {href(source, cast)}' in viewed


def test_what_the_first_problem_needs_is_the_one_button(shown: Shown, cast: Cast, source: Source) -> None:
    bury(source, 3)
    assert f'href="/portal/{cast.alder.public_id}/deliveries?state=dead"' in shown("tenant viewer")
    Source.objects.filter(pk=source.pk).update(desired=Desired.PAUSED)
    paused = shown()
    assert "Sending is paused." in paused
    assert paused.count("btn btn-primary") == 1


def test_where_all_is_well_the_page_says_what_to_look_at_in_the_tenants_account(shown: Shown, source: Source) -> None:
    page = shown()
    assert "What follows is in your account" in page
    assert "Connected, but my rule never fires" in page


def test_nothing_of_the_providers_keys_and_breakers_or_of_others_is_told(
    shown: Shown, cast: Cast, source: Source, make_source: MakeSource, now: datetime
) -> None:
    make_source(cast.birch, label="birch-secret")
    ApiKey.objects.update(revoked_at=now)
    Breaker.objects.create(
        environment=source.environment,
        region=source.region,
        code="AccessDeniedException",
        message="role/ours",
        opened_at=now,
        retry_at=now,
    )
    page = shown()
    assert "interrupted on our side" in page
    for secret in ("AccessDenied", "role/ours", "API key", "irch", "next try"):
        assert secret not in page


def test_it_stays_while_nothing_changes_and_costs_a_dozen_queries_at_most(
    cast: Cast, client_of: ClientOf, source: Source, make_source: MakeSource
) -> None:
    for number in range(8):
        make_source(cast.alder, label=f"more-{number}")
    path = f"/portal/{cast.alder.public_id}/no-events"
    for role in ("tenant viewer", "support"):
        browser = client_of(role)
        with CaptureQueriesContext(connection) as asked:
            first = browser.get(path)
        assert len(asked) <= 12, [each["sql"][:80] for each in asked]
    again = browser.get(path, headers=HTMX | {"If-None-Match": first["ETag"]})
    assert again.status_code == 304
