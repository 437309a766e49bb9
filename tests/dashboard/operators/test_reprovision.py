"""Provisioning many sources again on pages: counted first, begun with a rate, watched and cancelled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.reconciliation.bulk_renewal import RenewalFilter, request_bulk_renewal
from integrations.reconciliation.models import BulkRenewal, BulkRenewalItem
from integrations.sources.models import Source
from tenants.audit import Actor
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, title_of

PATH = "/operators/reprovision"


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


@pytest.fixture
def expired(cast: Cast, make_source: Callable[..., Source]) -> list[Source]:
    """Two expired sources of Alder and one of Birch, beside one that lives."""
    make_source(cast.alder, label="lives")
    made = [make_source(cast.alder, label=f"old{n}", observed="none", ended="expired") for n in range(2)]
    return [*made, make_source(cast.birch, observed="none", ended="expired")]


def form_for(source: Source, **named: Any) -> str:
    query = {"environment": str(source.environment.public_id), "states": ["expired"]} | named
    return f"{PATH}/new?{urlencode(query, doseq=True)}"


def begun(source: Source, per_second: int = 2) -> BulkRenewal:
    wanted = RenewalFilter(source.environment)
    now = timezone.now() - timedelta(seconds=10)
    return request_bulk_renewal(wanted=wanted, per_second=per_second, actor=Actor.system("test"), now=now)


def test_they_are_counted_and_some_shown_before_anything_happens(support: Client, expired: list[Source]) -> None:
    assert title_of(support.get(f"{PATH}/new").content.decode()) == "Which sources are provisioned again?"
    page = support.get(form_for(expired[0])).content.decode()
    assert title_of(page) == "3 sources can be provisioned again"
    assert all(source.name in page for source in expired)
    assert "/lives" not in page
    page = support.get(form_for(expired[0], tenant="birch", region="eu-west-1")).content.decode()
    assert title_of(page) == "1 source can be provisioned again"
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    assert title_of(support.get(form_for(expired[0], ended_since=tomorrow)).content.decode()) == "No source matches"
    assert not BulkRenewal.objects.exists()


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"tenant": "nobody"}, "has no tenant with this id"),
        ({"region": "mars-1"}, "eu-west-1, us-east-1"),
        ({"states": ["active"]}, "Select a valid choice"),
        ({"ended_since": "yesterday"}, "Enter a valid date"),
    ],
)
def test_a_filter_that_means_nothing_is_told_at_the_form(
    named: dict[str, Any], told: str, support: Client, expired: list[Source]
) -> None:
    for answer in (support.get(form_for(expired[0], **named)), support.post(form_for(expired[0], **named))):
        assert (answer.status_code, told in answer.content.decode()) == (422, True)


def test_pressing_the_button_begins_it_with_its_rate_and_who_asked(support: Client, expired: list[Source]) -> None:
    answer = support.post(form_for(expired[0], tenant="alder"), {"rate": "5"})
    renewal = BulkRenewal.objects.get()
    assert answer.headers["Location"] == f"{PATH}/{renewal.public_id}"
    assert (renewal.total, renewal.per_second, renewal.actor_label) == (2, 5, "support@example.com")
    assert renewal.wanted["tenant"] == "alder"


def test_a_rate_that_cannot_be_and_nothing_left_are_told(support: Client, expired: list[Source]) -> None:
    for rate in ("", "0", "51"):
        assert support.post(form_for(expired[0]), {"rate": rate}).status_code == 422
    Source.objects.update(ended="")
    answer = support.post(form_for(expired[0]), {"rate": "2"})
    assert (answer.status_code, "No source matches any more" in answer.content.decode()) == (422, True)
    assert support.post(f"{PATH}/new", {"rate": "2"}).status_code == 422
    assert not BulkRenewal.objects.exists()


def test_it_is_watched(support: Client, expired: list[Source]) -> None:
    renewal = begun(expired[0])
    path = f"{PATH}/{renewal.public_id}"
    first = support.get(path)
    assert "<b>0</b> of 3" in first.content.decode()
    assert "2 s left" in first.content.decode()
    assert support.get(path, headers=HTMX | {"If-None-Match": first.headers["ETag"]}).status_code == 304
    item = BulkRenewalItem.objects.earliest("pk")
    BulkRenewalItem.objects.filter(pk=item.pk).update(outcome="source_active", message="It is connected again.")
    BulkRenewal.objects.update(done=2, skipped=1, state="done", ended_at=timezone.now(), due_at=None)
    page = support.get(path, headers=HTMX | {"If-None-Match": first.headers["ETag"]}).content.decode()
    assert title_of(page) == "2 of 3 sources provisioned again"
    assert "It is connected again." in page
    assert "/cancel" not in page
    assert "It is connected again." in support.get(f"{path}?format=csv").getvalue().decode()


def test_while_it_runs_its_page_says_how_fast(support: Client, expired: list[Source]) -> None:
    renewal = begun(expired[0], per_second=50)
    BulkRenewal.objects.update(total=90_000, done=60_000)
    assert "<span>50 a second</span>" in support.get(f"{PATH}/{renewal.public_id}").content.decode()


def test_it_is_cancelled_and_a_second_time_is_told(support: Client, expired: list[Source]) -> None:
    renewal = begun(expired[0])
    path = f"{PATH}/{renewal.public_id}"
    page = support.post(f"{path}/cancel", follow=True).content.decode()
    renewal.refresh_from_db()
    assert (renewal.state, renewal.due_at) == ("cancelled", None)
    assert title_of(page) == "Cancelled with 0 of 3 sources provisioned again"
    assert "nothing left to cancel" in support.post(f"{path}/cancel", follow=True).content.decode()


def test_managers_are_refused(client_of: ClientOf, expired: list[Source]) -> None:
    renewal, manager = begun(expired[0]), client_of("manager")
    assert manager.post(form_for(expired[0]), {"rate": "2"}).status_code == 403
    assert manager.post(f"{PATH}/{renewal.public_id}/cancel").status_code == 403
    assert BulkRenewal.objects.get().state == "running"


def test_pages_ask_as_many_questions_for_many_as_for_one(support: Client, expired: list[Source]) -> None:
    renewal = begun(expired[0])
    for _ in range(5):
        begun(expired[0])
    BulkRenewalItem.objects.filter(renewal=renewal).update(outcome="source_active", message="No.")
    BulkRenewal.objects.filter(pk=renewal.pk).update(state="done", skipped=3)
    for path in (PATH, f"{PATH}/{renewal.public_id}", form_for(expired[0])):
        support.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert support.get(path).status_code == 200
        assert len(asked) <= 12
