"""The page behind a hand-off link: one source, nothing else, and no trace of its address."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from integrations.registration.models import Environment
from integrations.sources.handoff import create_link, revoke_link
from integrations.sources.models import HandOffLink, Source
from tenants.audit import Actor
from tenants.models import Tenant
from tests.dashboard.pages import HTMX, change_gate, title_of

MakeSource = Callable[..., Source]
ADA = Actor("person", "ada@alder.example")


@pytest.fixture
def source(make_source: MakeSource, tenant: Tenant) -> Source:
    source = make_source(tenant, observed="pending", arn="arn:aws:events:eu-west-1::event-source/x")
    make_source(tenant, label="secret-plans")
    return source


@pytest.fixture
def link(source: Source, now: datetime) -> tuple[HandOffLink, str]:
    return create_link(source=source, actor=ADA, now=now)


@pytest.fixture
def path(link: tuple[HandOffLink, str]) -> str:
    return f"/hand-off/{link[1]}"


def test_it_says_what_to_do_with_exact_values_and_nothing_else_of_the_tenant(path: str, source: Source) -> None:
    page = Client().get(path).content.decode()
    assert "Not accepted yet" in page
    assert "2222-2222-2222" in page
    assert f"--event-source-name <mark>{source.name}</mark>" in page
    assert "https://eu-west-1.console.aws.amazon.com/events/home?region=eu-west-1#/partners" in page
    assert "secret-plans" not in page


def test_it_turns_to_connected_by_itself(path: str, source: Source) -> None:
    client = Client()
    before = client.get(path, headers=HTMX)
    assert client.get(path, headers=HTMX | {"If-None-Match": before["ETag"]}).status_code == 304
    change_gate(source, observed="active")
    after = client.get(path, headers=HTMX | {"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert title_of(after.content.decode()) == "Connected"
    assert "<ol" not in after.content.decode()  # the instructions stay as they are


def test_a_detached_source_is_taken_up_again(path: str, source: Source, now: datetime) -> None:
    Source.objects.filter(pk=source.pk).update(activated_at=now)
    source.changes.create(at=now, cause="aws", field="observed", before="active", after="pending")
    page = Client().get(path).content.decode()
    assert "Not attached any more" in page
    assert "aws events activate-event-source" in page
    assert "aws events activate-event-source" in Client().get(f"{path}/kit/activate").content.decode()


def test_a_source_that_was_made_anew_says_how_its_old_bus_is_attached_again(
    path: str, source: Source, now: datetime
) -> None:
    Source.objects.filter(pk=source.pk).update(activated_at=now)
    for before, after in (("active", "none"), ("unknown", "pending")):
        source.changes.create(at=now, cause="aws", field="observed", before=before, after=after)
    page = Client().get(path).content.decode()
    assert "Offered again" in page
    assert "aws events activate-event-source" in page
    assert "aws events create-event-bus" in page


@pytest.mark.parametrize("ended", ["expired", "gone"])
def test_an_offer_that_ended_asks_for_a_new_one_and_gives_no_instructions(
    path: str, source: Source, ended: str
) -> None:
    change_gate(source, ended=ended, observed="none")
    page = Client().get(path).content.decode()
    assert title_of(page) == "This offer has ended"
    assert "create-event-bus" not in page


def test_its_address_goes_nowhere(path: str, source: Source) -> None:
    for answer in (Client().get(path), Client().get(f"{path}/kit/cli")):
        assert answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]


def test_unknown_and_revoked_links_are_alike(path: str, link: tuple[HandOffLink, str], now: datetime) -> None:
    unknown = Client().get("/hand-off/unknown")
    revoke_link(link=link[0], actor=ADA, now=now)
    revoked = Client().get(path)
    assert (unknown.status_code, revoked.status_code) == (404, 404)
    strip = re.compile(rb"csrfmiddlewaretoken\" value=\"[^\"]+|name=\"next\" value=\"[^\"]+|data-now=\"[^\"]+")
    assert strip.sub(b"", unknown.content) == strip.sub(b"", revoked.content)


def test_an_expired_link_says_whom_to_ask(path: str, source: Source, now: datetime) -> None:
    with time_machine.travel(now + timedelta(days=8)):
        for address in (path, f"{path}/kit/cli"):
            answer = Client().get(address)
            assert answer.status_code == 404
            assert "Ask ada@alder.example for a new one" in answer.content.decode()
            assert source.name not in answer.content.decode()


def test_its_files_are_those_of_its_own_source(path: str, source: Source) -> None:
    answer = Client().get(f"{path}/kit/cloudformation")
    assert source.name in answer.content.decode()
    assert Client().get(f"{path}/kit/nothing").status_code == 404


def test_the_first_visit_is_written_down(path: str, link: tuple[HandOffLink, str]) -> None:
    Client().head(path)
    link[0].refresh_from_db()
    assert link[0].opened_at is None
    Client().get(path)
    link[0].refresh_from_db()
    assert link[0].opened_at is not None


def test_while_somebody_looks_aws_is_asked_often(path: str, source: Source, now: datetime) -> None:
    Source.objects.filter(pk=source.pk).update(due_at=now + timedelta(hours=1))
    Client().get(path)
    source.refresh_from_db()
    assert source.due_at is not None
    assert source.due_at < now + timedelta(minutes=1)


def test_a_page_costs_few_queries(
    path: str, environment: Environment, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = Client()
    client.get(path)
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        client.get(path)
