"""The operators' pages of sources and tenants."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.registration.models import Environment, Maintenance
from integrations.sources.creation import create_source
from integrations.sources.models import Lane, Source, SourceChange
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, save, store_event, title_of

MakeSource = Callable[..., Source]
HERE = "/operators/sources"


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


@pytest.fixture
def source(cast: Cast, make_source: MakeSource) -> Source:
    return make_source(cast.alder)


def shown(client: Client, path: str, status: int = 200, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == status, answer.content[:2000]
    return answer.content.decode()


def page(source: Source, action: str = "") -> str:
    return f"{HERE}/{source.public_id}{action}"


def questions(client: Client, path: str, **headers: Any) -> int:
    client.get(path, headers=headers)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path, headers=headers).status_code in (200, 304)
    return len(asked)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"active", "expiring"}),
        ({"state": "active"}, {"active"}),
        ({"state": "gone"}, {"deleted"}),
        ({"region": "us-east-1"}, {"expiring"}),
        ({"expiry": "1"}, {"expiring"}),
        ({"q": "ALD"}, {"active"}),
        ({"q": "birch"}, {"expiring"}),
        ({"q": "2222-2222-2222"}, {"active", "expiring"}),
        ({"q": "nobody"}, set()),
    ],
)
def test_the_list_is_filtered(
    support: Client, cast: Cast, make_source: MakeSource, query: dict[str, str], found: set[str]
) -> None:
    make_source(cast.alder, label="active")
    soon = timezone.now() + timedelta(hours=5)
    make_source(cast.birch, label="expiring", observed="pending", expires_at=soon, region="us-east-1")
    make_source(cast.alder, label="deleted", observed="none", desired="absent", ended="gone")
    text = shown(support, HERE, **query)
    assert {
        label for label in ("active", "expiring", "deleted") if f"/{label}</code>" in text or f">{label}<" in text
    } == found


def test_the_list_is_sent_as_a_file(support: Client, source: Source) -> None:
    (row,) = csv.DictReader(io.StringIO(b"".join(support.get(HERE, {"format": "csv"})).decode()))
    assert (row["tenant"], row["state"], row["account"]) == ("alder", "active", "222222222222")


def test_an_empty_list_says_what_to_do(support: Client) -> None:
    assert "No tenant has a source yet" in shown(support, HERE)


def test_a_source_shows_where_its_events_are_and_what_happened(support: Client, source: Source, cast: Cast) -> None:
    store_event(cast.alder, source)
    Source.objects.filter(pk=source.pk).update(observed="pending", activated_at=timezone.now())
    Lane.objects.update(publishable=False)
    now = timezone.now()
    for before, after in (("pending", "active"), ("active", "pending")):
        SourceChange.objects.create(source=source, at=now, cause="aws", field="observed", before=before, after=after)
    text = shown(support, page(source))
    assert "account no longer takes events" in text
    assert "1 event is kept here and nothing is lost" in text
    assert "aws events activate-event-source" in text
    assert f"--name &#x27;{source.name}&#x27; " in text
    assert "ACTIVE → PENDING" in text
    assert "2222-2222-2222" in text


def test_the_live_region_answers_304_until_something_changes(support: Client, source: Source) -> None:
    first = support.get(page(source), headers=HTMX)
    tag = first.headers["ETag"]
    assert support.get(page(source), headers=HTMX | {"If-None-Match": tag}).status_code == 304
    Source.objects.update(desired="paused")
    assert support.get(page(source), headers=HTMX | {"If-None-Match": tag}).status_code == 200


def test_maintenance_is_said_first(support: Client, source: Source, environment: Environment) -> None:
    Maintenance.objects.create(environment=environment, region="eu-west-1", since=timezone.now(), note="AWS works")
    assert "eu-west-1 is held on purpose" in shown(support, page(source))


@pytest.mark.parametrize("action", ["pause", "resume", "delete", "test-event"])
def test_an_action_asks_first_and_then_acts(support: Client, source: Source, action: str) -> None:
    assert title_of(shown(support, page(source, f"/{action}")))
    assert not AuditEntry.objects.filter(object_type="source").exists()
    answer = support.post(page(source, f"/{action}"))
    assert (answer.status_code, answer.headers["Location"]) == (302, page(source))
    assert action == "resume" or AuditEntry.objects.get(object_type="source").actor_label == "support@example.com"


def test_what_cannot_be_done_is_said_on_the_page(support: Client, source: Source) -> None:
    answer = support.post(page(source, "/reprovision"))
    assert answer.status_code == 409
    assert "only one that expired" in answer.content.decode()


def test_a_queue_is_discarded_only_when_that_was_chosen(support: Client, source: Source, cast: Cast) -> None:
    store_event(cast.alder, source)
    assert "1 event waits" in shown(support, page(source, "/delete"))
    support.post(page(source, "/delete"), {"queue": "discard"})
    assert Lane.objects.get(source=source).drops_since is not None


def test_selection_and_drain_rate_are_changed(support: Client, source: Source) -> None:
    support.post(page(source, "/selection"), {"event_types": "a\n\n b ", "pattern": '{"source": ["x"]}'})
    source.refresh_from_db()
    assert (source.event_types, source.pattern) == (["a", "b"], {"source": ["x"]})
    bad = support.post(page(source, "/selection"), {"pattern": "{"})
    assert (bad.status_code, "This is not JSON" in bad.content.decode()) == (422, True)
    support.post(page(source, "/drain-rate"), {"per_second": "50"})
    assert "50 a second" in shown(support, page(source))


def test_a_succession_is_shown_before_it_happens(support: Client, cast: Cast) -> None:
    source, _ = create_source(
        tenant=cast.alder, account="222222222222", region="eu-west-1", actor=Actor.system("t"), now=timezone.now()
    )
    asked = {"account": "3333-3333-3333", "region": "us-east-1", "label": "events"}
    text = support.post(page(source, "/succession"), asked).content.decode()
    assert "3333-3333-3333" in text
    assert Source.objects.count() == 1
    answer = support.post(page(source, "/succession"), asked | {"confirmed": "yes"})
    new = Source.objects.get(account="333333333333")
    assert answer.headers["Location"] == page(new)
    assert "deleted" in shown(support, page(source))


def test_an_offer_is_made_only_after_the_account_was_compared(support: Client, cast: Cast, source: Source) -> None:
    path = f"/operators/tenants/{cast.birch.public_id}/sources/new"
    asked = {"account": "2222 2222 2222", "region": "eu-west-1", "label": "events"}
    text = support.post(path, asked).content.decode()
    assert "Offer Birch's events to 2222-2222-2222?" in text
    assert "Events of Alder go to this account, too" in text
    assert not Source.objects.filter(tenant=cast.birch).exists()
    answer = support.post(path, asked | {"confirmed": "yes"})
    assert answer.headers["Location"] == page(Source.objects.get(tenant=cast.birch))
    refused = support.post(path, asked | {"account": "12"})
    assert (refused.status_code, "is not an AWS account id" in refused.content.decode()) == (422, True)


def test_tenants_are_listed_and_shown(support: Client, cast: Cast, source: Source) -> None:
    text = shown(support, "/operators/tenants")
    assert "Alder" in text
    assert "Birch" in text
    assert "Birch" not in shown(support, "/operators/tenants", has="sources")
    assert "Alder" not in shown(support, "/operators/tenants", has="none")
    (first, _) = csv.DictReader(io.StringIO(b"".join(support.get("/operators/tenants", {"format": "csv"})).decode()))
    assert (first["tenant"], first["sources"]) == ("alder", "1")
    text = shown(support, f"/operators/tenants/{cast.alder.public_id}")
    assert source.name.rsplit("/", 1)[1] in text
    assert "viewer@alder.example.com" in text
    assert f'href="/portal/{cast.alder.public_id}/"' in text
    assert "has no source yet" in shown(support, f"/operators/tenants/{cast.birch.public_id}")


def test_operations_set_policies_and_hold_regions(client_of: ClientOf, environment: Environment) -> None:
    operations = client_of("operations")
    path = f"/operators/environments/{environment.public_id}"
    save(operations, path, {"gate_policy": "drop"}, to=f"{path}/gate-policy")
    environment.refresh_from_db()
    assert environment.gate_policy == "drop"
    assert "Hold everything in eu-west-1?" in shown(operations, f"{path}/maintenance/eu-west-1")
    operations.post(f"{path}/maintenance/eu-west-1", {"switch": "on", "note": "AWS works"})
    assert "eu-west-1 is held" in shown(operations, path)
    assert "eu-west-1 is held" in shown(operations, "/operators/environments")
    operations.post(f"{path}/maintenance/eu-west-1", {"switch": "off"})
    assert not Maintenance.objects.exists()
    shown(operations, f"{path}/maintenance/mars-1", status=404)


@pytest.mark.parametrize("number", [1, 60])
def test_pages_ask_at_most_twelve_questions_whatever_the_size(
    support: Client, cast: Cast, source: Source, environment: Environment, number: int
) -> None:
    many = Source.objects.bulk_create(
        Source(
            environment=environment, tenant=cast.alder, account="222222222222", region="eu-west-1",
            name=f"{environment.namespace}/alder/n{n}", label=f"n{n}", observed="active", provisioned_at=timezone.now(),
        )
        for n in range(number)
    )  # fmt: skip
    Lane.objects.bulk_create(Lane(source=each, environment=environment, region="eu-west-1") for each in many)
    SourceChange.objects.bulk_create(
        SourceChange(source=source, at=timezone.now(), cause="aws", field="observed", before="a", after="active")
        for _ in range(number)
    )
    tenant: Tenant = cast.alder
    for path in (HERE, page(source), page(source, "/history"), page(source, "/delete")):
        assert questions(support, path) <= 12, path
    for path in ("/operators/tenants", f"/operators/tenants/{tenant.public_id}", "/operators/environments"):
        assert questions(support, path) <= 12, path
    assert questions(support, page(source), **HTMX) <= 6


def test_aws_is_asked_on_request(support: Client, source: Source) -> None:
    Source.objects.update(due_at=timezone.now() + timedelta(hours=1), observed_at=timezone.now() - timedelta(minutes=1))
    assert support.post(page(source, "/check")).headers["Location"] == page(source)
    source.refresh_from_db()
    assert source.due_at is not None
    assert source.due_at <= timezone.now()


def test_a_tenant_is_closed_by_typing_its_id(support: Client, cast: Cast, source: Source) -> None:
    path = f"/operators/tenants/{cast.alder.public_id}/close"
    store_event(cast.alder, source)
    assert "1 source is deleted at AWS, and 1 waiting event settles as dropped" in shown(support, path)
    assert support.post(path, {"typed": "birch"}).status_code == 422
    assert Tenant.objects.get(pk=cast.alder.pk).closed_at is None
    assert support.post(path, {"typed": "alder"}).status_code == 302
    assert Tenant.objects.get(pk=cast.alder.pk).closed_at is not None
    assert "This tenant is closed" in shown(support, f"/operators/tenants/{cast.alder.public_id}")


def test_a_source_that_failed_says_why_and_what_to_do(support: Client, source: Source) -> None:
    Source.objects.update(
        provisioned_at=None, observed="unknown", failure_code="LimitExceededException", failure_final=True
    )
    text = shown(support, page(source))
    assert "This source could not be created" in text
    assert "as many sources as AWS allows" in text
    assert "Provision again…" in text
