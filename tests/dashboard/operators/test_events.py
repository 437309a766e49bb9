"""The events explorer and the page of one event."""

import csv
import io
import json
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import AuditEntry
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf
from tests.events.history import accepted, attempt, dead

PATH = "/operators/events"
AWS_ID = UUID("7f0e1a6c-22b1-4f0e-9d51-0c3a6f2b8e44")
DETAIL = '{"n":12345678901234567890123456789,"html":"<script>alert(1)</script>"}'


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


@pytest.fixture
def source(cast: Cast, make_source: Callable[..., Source]) -> Source:
    return make_source(cast.alder)


@pytest.fixture
def store_one(source: Source, api_key: str) -> Callable[..., UUID]:
    """Post one event as the backend does."""

    def posted(tenant: str = "alder", kind: str = "order.created", caller_id: str = "") -> UUID:
        named = f'"id":"{caller_id}",' if caller_id else ""
        body = f'{{{named}"tenant":"{tenant}","type":"{kind}","detail":{DETAIL}}}'
        headers = {"Authorization": f"Bearer {api_key}"}
        answer = Client().post("/api/v1/events", body, content_type="application/json", headers=headers)
        return UUID(answer.json()["events"][0]["event_id"])

    return posted


def page(client: Client, path: str = PATH, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_events_are_found_by_tenant_state_type_and_error_code(
    support: Client, source: Source, store_one: Callable[..., UUID]
) -> None:
    store_one(kind="order.created")
    store_one(kind="order.paid")
    dead(source, store_one(kind="order.lost"), "MalformedDetail", timezone.now())
    everything = page(support)
    assert [word in everything for word in ("order.created", "order.paid", "order.lost")] == [True] * 3
    assert "order.paid" not in page(support, type="order.created")
    assert "order.created" not in page(support, state="dead")
    assert "order.lost" in page(support, code="MalformedDetail")
    assert "order.created" in page(support, tenant="ALDER")
    assert "order.created" not in page(support, tenant="Birch")


def test_a_tenant_that_nobody_knows_has_no_events_and_is_told(support: Client, store_one: Callable[..., UUID]) -> None:
    store_one()
    shown = page(support, tenant="nobody")
    assert "There is no tenant of this name" in shown
    assert "order.created" not in shown
    assert "Replay these" not in shown


def test_an_event_is_found_by_every_id_that_somebody_may_have(
    support: Client, source: Source, store_one: Callable[..., UUID]
) -> None:
    event_id = store_one(caller_id="order-4711")
    store_one(kind="order.other")
    accepted(source, event_id, timezone.now(), aws_id=AWS_ID, request_id=UUID(int=7))
    for term in (str(event_id), "order-4711", str(AWS_ID), str(UUID(int=7))):
        found = page(support, q=term)
        assert f"/operators/events/{event_id}" in found
        assert "order.other" not in found


def test_the_filtered_events_are_sent_as_a_file(support: Client, store_one: Callable[..., UUID]) -> None:
    store_one(kind="=cmd", caller_id="a-1")
    store_one(kind="order.paid")
    answer = support.get(PATH, {"type": "=cmd", "format": "csv"})
    (row,) = csv.DictReader(io.StringIO(b"".join(answer).decode()))
    assert (row["id"], row["tenant"], row["type"], row["state"]) == ("a-1", "alder", "'=cmd", "waiting")


def test_the_explorer_says_how_often_and_how_much_was_sent_in_as_many_questions_as_for_one_event(
    support: Client, source: Source, store_one: Callable[..., UUID]
) -> None:
    attempt(source, timezone.now(), "Throttling", event_id=store_one())
    page(support)
    with CaptureQueriesContext(connection) as one:
        page(support)
    for _ in range(20):
        store_one()
    with CaptureQueriesContext(connection) as many:
        page(support)
    assert len(many) <= len(one) <= 14, [query["sql"][:80] for query in one]


def test_the_page_of_an_event_tells_its_story_and_keeps_what_it_carries_closed(
    support: Client, source: Source, store_one: Callable[..., UUID]
) -> None:
    event_id = store_one(caller_id="order-1")
    attempt(source, timezone.now(), "ThrottlingException", event_id=event_id)
    accepted(source, event_id, timezone.now(), aws_id=AWS_ID)
    shown = page(support, f"{PATH}/{event_id}")
    assert "Accepted by AWS after 2 attempts, while the source was ACTIVE" in shown
    assert str(AWS_ID) in shown
    assert "ThrottlingException" in shown
    assert "12345678901234567890123456789" not in shown
    assert not AuditEntry.objects.filter(action="event:read_payload").exists()


def test_whoever_reads_what_an_event_carries_is_written_down(support: Client, store_one: Callable[..., UUID]) -> None:
    event_id = store_one()
    shown = page(support, f"{PATH}/{event_id}", payload="shown")
    assert "12345678901234567890123456789" in shown
    assert "As a rule sees it" in shown
    assert "<script>alert" not in shown
    assert AuditEntry.objects.get(action="event:read_payload").object_id == str(event_id)


def test_an_event_is_sent_as_json_with_its_detail_as_posted(support: Client, store_one: Callable[..., UUID]) -> None:
    event_id = store_one()
    answer = support.get(f"{PATH}/{event_id}.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="event-{event_id}.json"'
    assert DETAIL in answer.content.decode()
    assert json.loads(answer.content)["state"] == "waiting"
    assert AuditEntry.objects.filter(action="event:read_payload").count() == 1


def test_the_page_of_an_event_asks_at_most_fourteen_questions(
    support: Client, source: Source, store_one: Callable[..., UUID]
) -> None:
    event_id = store_one()
    for _ in range(30):
        attempt(source, timezone.now(), "ThrottlingException", event_id=event_id)
    page(support, f"{PATH}/{event_id}")
    with CaptureQueriesContext(connection) as queries:
        page(support, f"{PATH}/{event_id}")
    assert len(queries) <= 14, [query["sql"][:80] for query in queries]


def test_a_list_over_several_environments_says_that_a_replay_takes_one(
    support: Client, source: Source, other_environment: Environment
) -> None:
    hint = "To replay, choose one environment."
    assert hint in support.get(PATH, {"state": "dead"}).content.decode()
    assert hint not in support.get(PATH, {"state": "held"}).content.decode()
    one = {"state": "dead", "environment": str(source.environment.public_id)}
    page = support.get(PATH, one).content.decode()
    assert hint not in page
    assert "Replay these" in page


def test_the_filters_of_a_link_are_told_by_names(support: Client, cast: Cast, source: Source) -> None:
    shown = page(support, tenant=str(cast.alder.public_id), source=str(source.public_id))
    assert f"Source is {cast.alder.name}, eu-west-1" in shown
    assert f"Tenant is {cast.alder.name}" in shown
    assert f"Source is {source.public_id}" not in shown
    assert "Source is nothing-of-ours" in page(support, source="nothing-of-ours")
