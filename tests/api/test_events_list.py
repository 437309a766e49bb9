"""`GET /api/v1/events`: filters, ids, cursors, and everything that may be wrong with them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from integrations.events import candidates
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.api.conftest import Call, problem

pytestmark = pytest.mark.usefixtures("store")

NOBODY = "01a20917-63ba-7000-842e-ee468b23f2ef"


@pytest.fixture
def source(tenant: Tenant, make_source: Callable[..., Source]) -> Source:
    return make_source(tenant)


@pytest.fixture
def listed(call: Call) -> Callable[..., Any]:
    def get(**filters: str) -> Any:
        answer = call("GET", f"/events?{urlencode(filters)}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    return get


@pytest.fixture
def posted(call: Call, source: Source) -> Callable[..., list[str]]:
    def post(*events: dict[str, Any]) -> list[str]:
        whole = [{"tenant": "alder", "type": "order.created", "detail": {}} | event for event in events]
        return [result["event_id"] for result in call("POST", "/events", {"events": whole}).json()["events"]]

    return post


Listed = Callable[..., Any]
Posted = Callable[..., list[str]]


def test_an_event_is_listed_as_its_page_tells_it(listed: Listed, posted: Posted, call: Call) -> None:
    (event_id,) = posted({"id": "order-1"})
    (row,) = listed()["events"]
    story = call("GET", f"/events/{event_id}").json()
    assert row == {name: story.get(name) for name in row}
    assert row.keys() == {"event_id", "id", "tenant", "type", "received_at", "state", "reason"}
    assert (row["tenant"], row["state"], row["reason"]) == ("alder", "waiting", None)


def test_pages_follow_one_another_by_their_cursor(listed: Listed, posted: Posted) -> None:
    expected = posted(*[{}] * 5)[::-1]
    first = listed(limit="2")
    second = listed(limit="2", cursor=first["next_cursor"])
    third = listed(limit="2", cursor=second["next_cursor"])
    pages = [[event["event_id"] for event in page["events"]] for page in (first, second, third)]
    assert pages == [expected[:2], expected[2:4], expected[4:]]
    assert third["next_cursor"] is None


def test_filters_apply_together(listed: Listed, posted: Posted, source: Source) -> None:
    _, wanted = posted({}, {"type": "order.paid"})
    fitting = {
        "tenant": "alder",
        "type": "order.paid",
        "state": "waiting",
        "source": str(source.public_id),
        "from": (timezone.now() - timedelta(hours=1)).isoformat(),
        "to": (timezone.now() + timedelta(hours=1)).isoformat(),
    }
    assert [event["event_id"] for event in listed(**fitting)["events"]] == [wanted]
    for name, value in (
        ("type", "order.unknown"),
        ("state", "held"),
        ("from", fitting["to"]),
        ("to", fitting["from"]),
    ):
        assert listed(**fitting | {name: value})["events"] == []
    assert listed(code="ThrottlingException")["events"] == listed(code="accepted")["events"] == []


def test_the_ids_of_an_event_find_it(listed: Listed, posted: Posted) -> None:
    event_id, _ = posted({"id": "order-1"}, {"id": "order-2"})
    for filters in ({"event_id": event_id}, {"id": "order-1"}, {"id": "order-1", "tenant": "alder"}):
        assert [event["event_id"] for event in listed(**filters)["events"]] == [event_id]
    assert listed(event_id=event_id, id="order-2")["events"] == []
    assert listed(aws_id=NOBODY)["events"] == listed(request_id=NOBODY)["events"] == []


def test_an_id_that_is_not_remembered_any_more_is_found_by_going_on(
    listed: Listed, posted: Posted, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    (event_id,) = posted({"id": "order-1"})
    moment = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("integrations.events.search.remembered_from", lambda: moment)
    monkeypatch.setattr("integrations.events.search.ids_of_caller_id", lambda *_: [])
    first = listed(id="order-1")
    assert first["events"] == []
    second = listed(id="order-1", cursor=first["next_cursor"])
    assert [event["event_id"] for event in second["events"]] == [event_id]
    assert second["next_cursor"] is None


def test_a_search_that_stopped_says_where_to_go_on(
    listed: Listed, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST_IN_INDEX", 3)
    (rare, *_) = posted({"type": "order.rare"}, *[{}] * 4)
    first = listed(tenant="alder", type="order.rare", limit="1")
    assert first["events"] == []
    second = listed(tenant="alder", type="order.rare", limit="1", cursor=first["next_cursor"])
    assert [event["event_id"] for event in second["events"]] == [rare]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=²",
        "limit=",
        "state=lost",
        "from=yesterday",
        "from=2026-11-23T15:47:37",
        "to=0001-01-01T00:00:00Z",
        "to=9999-12-31T23:59:59-12:00",
        "event_id=order-1",
        "aws_id=",
        "request_id=1",
        "cursor=nonsense",
        "cursor=!",
        "cursor=%C3%A4",
        "typ=order.created",
        "type=%00",
        f"type={'x' * 201}",
        "id=order-1&state=dead",
        f"event_id={NOBODY}&cursor=AaIJF2O6cACELu5GiyPy7w",
        "code=InternalFailure&state=accepted",
    ],
)
def test_what_cannot_be_understood_is_422_and_says_why(call: Call, tenant: Tenant, query: str) -> None:
    problem(call("GET", f"/events?{query}"), 422, "query_invalid")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("tenant=birch", "tenant_unknown"),
        (f"source={NOBODY}", "source_unknown"),
        ("source=events", "source_unknown"),
    ],
)
def test_what_is_not_there_is_404(call: Call, tenant: Tenant, query: str, code: str) -> None:
    problem(call("GET", f"/events?{query}"), 404, code)


class TestStrangers:
    def test_another_environment_sees_none_of_it(
        self, call: Call, other_key: str, posted: Posted, source: Source
    ) -> None:
        (event_id,) = posted({"id": "order-1"})
        for query in ("", "?state=waiting", "?type=order.created", f"?event_id={event_id}", "?id=order-1"):
            assert call("GET", f"/events{query}", key=other_key).json()["events"] == []
        problem(call("GET", "/events?tenant=alder", key=other_key), 404, "tenant_unknown")
        problem(call("GET", f"/events?source={source.public_id}", key=other_key), 404, "source_unknown")

    def test_the_scope_and_a_key_are_needed(self, call: Call, key_with: Callable[..., str]) -> None:
        assert call("GET", "/events", key=key_with("events:read")).status_code == 200
        problem(call("GET", "/events", key=key_with("events:write")), 403, "scope_missing")
        problem(call("GET", "/events", key=None), 401, "key_missing")
