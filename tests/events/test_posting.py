"""POST /api/v1/events: what is stored, what is refused, and that one bad event is only itself."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client

from integrations.events import ingest
from integrations.registration.keys import issue_key
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.conftest import SYSTEM
from tests.events.conftest import rows

pytestmark = pytest.mark.usefixtures("tenant")


def event(**fields: Any) -> dict[str, Any]:
    return {"tenant": "alder", "type": "order.created", "detail": {"n": 1}} | fields


def raw_event(detail: bytes, **fields: Any) -> bytes:
    envelope = json.dumps({"tenant": "alder", "type": "order.created"} | fields).encode()
    return envelope[:-1] + b',"detail":' + detail + b"}"


GOOD = raw_event(b'{"n":1}')

REFUSED_ALONE = [
    ("tenant_unknown", raw_event(b"{}", tenant="nobody")),
    ("tenant_unknown", raw_event(b"{}", tenant="nul\x00")),
    ("detail_not_object", raw_event(b"[1]")),
    ("detail_not_object", raw_event(b'"text"')),
    ("detail_not_object", raw_event(b"null")),
    ("type_too_long", raw_event(b"{}", type="x" * 129)),
    ("type_empty", raw_event(b"{}", type="")),
    ("type_invalid", raw_event(b"{}", type="a\x00b")),
    ("id_invalid", raw_event(b"{}", id="with space")),
    ("id_invalid", raw_event(b"{}", id="")),
    ("id_invalid", raw_event(b"{}", id="x" * 129)),
    ("time_invalid", raw_event(b"{}", time="yesterday")),
    ("time_invalid", raw_event(b"{}", time="2026-11-23T09:30:00")),
    ("resources_invalid", raw_event(b"{}", resources=["x"] * 21)),
    ("resources_invalid", raw_event(b"{}", resources=[""])),
    ("event_invalid", b'{"tenant":"alder","type":"x"}'),
    ("event_invalid", raw_event(b"{}", tenant=5)),
    ("event_invalid", raw_event(b"{}", source="aws.partner/somebody.else/x")),
    ("event_too_large", raw_event(json.dumps({"text": "x" * 262_000}).encode())),
    ("detail_too_deep", raw_event(b'{"a":' * 2_000 + b"1" + b"}" * 2_000)),
    ("detail_too_deep", raw_event(b'{"a":' * 1_001 + b"1" + b"}" * 1_001)),
    ("nul_byte", raw_event(b'{"a":"x\x00y"}')),
    ("utf8_invalid", raw_event(b'{"a":"\xff\xfe"}')),
    ("surrogate_invalid", raw_event(b'{"a":"\\ud800 alone"}')),
    ("surrogate_invalid", raw_event(b'{"a":"\\udc00 alone"}')),
    ("surrogate_invalid", raw_event(b'{"a":"at the end \\ud800"}')),
    ("surrogate_invalid", raw_event(b'{"a":"x\\uD800y"}')),
    ("json_invalid", raw_event(b'{"a":"\\ud83d\\ude00 a pair", "b":NaN}')),
    ("event_too_large", raw_event(b'{"a":"' + b"x" * 2_000_000 + b'"}')),
    ("json_invalid", raw_event(b'{"a":NaN}')),
    ("json_invalid", raw_event(b'{"a":01}')),
    ("json_invalid", raw_event(b'{"a":1,}')),
    ("json_invalid", raw_event(b'{"a":"\\x41"}')),
]


@pytest.mark.parametrize(("code", "bad"), REFUSED_ALONE, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("form", ["batch", "ndjson"])
def test_one_bad_event_is_refused_with_its_code_and_its_neighbours_are_stored(
    post: Callable[..., Any], form: str, code: str, bad: bytes
) -> None:
    if form == "batch":
        response = post(b'{"events":[' + GOOD + b"," + bad + b"," + GOOD + b"]}")
    else:
        response = post(GOOD + b"\n" + bad + b"\n\n" + GOOD + b"\n", content_type="application/x-ndjson")
    assert response.status_code == 202
    answer = response.json()
    assert [item["status"] for item in answer["events"]] == ["stored", "rejected", "stored"]
    assert answer["events"][1]["code"] == code
    assert len(answer["events"][1]["message"]) > 20
    assert (answer["stored"], answer["rejected"], answer["duplicates"]) == (2, 1, 0)
    assert rows("select count(*) from events") == [(2,)]
    assert rows("select count(*) from pending") == [(2,)]


LEGAL = [
    b'{"n":123456789012345678901234567890}',
    b'{"n":0.10000000000000000000000000000000001,"m":1.0,"e":1E+2,"z":-0}',
    b'{"big":1e400}',
    b'{"b":1,"a":2,"b":3}',
    b'{"t":"\\u0000 escaped, \\ud83d\\ude00 a pair"}',
    '{"t":"Grüße 😀 \u202eRTL"}'.encode(),
    b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    b"{}",
    b'{ "spaced" : [ 1 , 2 ] }',
]


@pytest.mark.parametrize("detail", LEGAL)
def test_a_legal_detail_is_stored_byte_for_byte(post: Callable[..., Any], detail: bytes) -> None:
    response = post(raw_event(detail))
    assert response.json()["stored"] == 1, response.content
    ((wire,),) = rows("select wire from events")
    assert json.loads(b"{" + bytes(wire))["Detail"] == detail.decode()


def test_a_single_event_answers_with_its_event_id(post: Callable[..., Any]) -> None:
    response = post(event(id="a-1"))
    assert response.status_code == 202
    (item,) = response.json()["events"]
    assert (item["index"], item["id"], item["status"]) == (0, "a-1", "stored")
    assert rows("select id::text, caller_id from events") == [(item["event_id"], "a-1")]


def test_the_same_id_twice_in_one_batch_is_stored_once(post: Callable[..., Any]) -> None:
    answer = post({"events": [event(id="x"), event(id="x"), event(id="x", detail={"n": 2})]}).json()
    first, second, third = answer["events"]
    assert [item["status"] for item in answer["events"]] == ["stored", "duplicate", "duplicate"]
    assert first["event_id"] == second["event_id"] == third["event_id"]
    assert second["code"] is None
    assert third["code"] == "id_reused"


def test_a_repeated_post_answers_with_the_first_event_id(post: Callable[..., Any]) -> None:
    first = post(event(id="x")).json()["events"][0]
    again = post(event(id="x")).json()["events"][0]
    other = post(event(id="x", type="order.deleted")).json()["events"][0]
    assert (again["status"], again["event_id"], again["code"]) == ("duplicate", first["event_id"], None)
    assert (other["status"], other["event_id"], other["code"]) == ("duplicate", first["event_id"], "id_reused")
    assert rows("select count(*) from events") == [(1,)]


def test_the_same_id_in_another_environment_is_another_event(
    post: Callable[..., Any], other_environment: Environment, now: datetime
) -> None:
    post(event(id="x"))
    foreign = issue_key(environment=other_environment, name="other", actor=SYSTEM, now=now)[1]
    item = post(event(id="x"), key=foreign).json()["events"][0]
    assert (item["status"], item["code"]) == ("rejected", "tenant_unknown")


def test_an_event_of_a_tenant_without_a_source_is_held_in_its_reserve(
    post: Callable[..., Any], client: Client, api_key: str
) -> None:
    event_id = post(event()).json()["events"][0]["event_id"]
    story = client.get(f"/api/v1/events/{event_id}", headers={"Authorization": f"Bearer {api_key}"}).json()
    assert story["state"] == "held"
    assert story["deliveries"] == [
        {"source": None, "name": None, "state": "held", "reason": "no_source", "next_try_at": None, "message": None}
    ]
    assert Source.objects.filter(account=None).count() == 1


def test_an_event_goes_to_every_source_that_selects_it(
    post: Callable[..., Any], tenant: Tenant, make_source: Callable[..., Source]
) -> None:
    everything = make_source(tenant)
    orders = make_source(tenant, label="orders", event_types=["order.created"])
    paid = make_source(tenant, label="paid", pattern={"detail": {"paid": [True]}})
    post({"events": [event(detail={"paid": True}), event(type="user.created", detail={"paid": False})]})
    delivered = rows("select source_id, count(*) from pending group by 1 order by 1")
    assert delivered == [(everything.pk, 2), (orders.pk, 1), (paid.pk, 1)]


def test_an_event_that_no_source_selects_is_settled_as_filtered(
    post: Callable[..., Any], tenant: Tenant, make_source: Callable[..., Source], client: Client, api_key: str
) -> None:
    make_source(tenant, event_types=["user.created"])
    event_id = post(event()).json()["events"][0]["event_id"]
    story = client.get(f"/api/v1/events/{event_id}", headers={"Authorization": f"Bearer {api_key}"}).json()
    assert (story["state"], story["deliveries"]) == ("settled", [])
    assert rows("select count(*) from pending") == [(0,)]


def test_an_unexpected_failure_is_a_problem_document_and_stores_nothing(
    post: Callable[..., Any], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.events import ingest

    def fail(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(ingest, "_candidates", fail)
    response = post(event())
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response["Content-Type"] == "application/problem+json"


def test_a_wrong_expired_or_missing_key_is_401_and_a_missing_scope_403(
    post: Callable[..., Any], client: Client, environment: Environment, now: datetime
) -> None:
    expired = issue_key(
        environment=environment, name="old", expires_at=now - timedelta(seconds=1), actor=SYSTEM, now=now
    )[1]
    reader = issue_key(environment=environment, name="reader", scopes=["events:read"], actor=SYSTEM, now=now)[1]
    answers = [post(event(), key=key) for key in ("wrong", expired, expired + "x", reader)]
    answers.append(client.post("/api/v1/events", b"{}", content_type="application/json"))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (401, "key_malformed"),
        (401, "key_expired"),
        (401, "key_unknown"),
        (403, "scope_missing"),
        (401, "key_missing"),
    ]
    assert rows("select count(*) from events") == [(0,)]


def test_an_unauthorised_post_is_401_whatever_its_body(client: Client) -> None:
    for body in (b"", b"not json", b"x" * (11 * 1024 * 1024)):
        response = client.post("/api/v1/events", body, content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (401, "key_missing")


def test_an_event_of_another_environment_is_404(
    post: Callable[..., Any], client: Client, other_environment: Environment, now: datetime
) -> None:
    event_id = post(event()).json()["events"][0]["event_id"]
    foreign = issue_key(environment=other_environment, name="other", actor=SYSTEM, now=now)[1]
    for wanted in (event_id, "nonsense", "01a20908-a1ff-7000-ab85-ca555365462f"):
        response = client.get(f"/api/v1/events/{wanted}", headers={"Authorization": f"Bearer {foreign}"})
        assert (response.status_code, response.json()["code"]) == (404, "event_unknown")


def test_a_wrong_method_is_405_with_the_right_one(client: Client) -> None:
    response = client.delete("/api/v1/events")
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")
    assert response.json()["code"] == "method_not_allowed"


def test_the_posted_time_and_resources_travel_and_the_event_id_is_added(post: Callable[..., Any]) -> None:
    posted = event(time="2026-11-23T09:30:00.5+01:00", resources=["order/1"])
    event_id = post(posted).json()["events"][0]["event_id"]
    ((wire,),) = rows("select wire from events")
    entry = json.loads(b"{" + bytes(wire))
    assert entry["Time"] == 1795422600.5
    assert entry["Resources"] == ["order/1", f"urn:partnerbus:event:{event_id}"]


def test_what_is_stored_is_not_refused_because_no_publisher_could_be_woken(
    monkeypatch: pytest.MonkeyPatch, post: Callable[..., Any]
) -> None:
    def away(_: object) -> None:
        raise psycopg.OperationalError("the server went away")

    monkeypatch.setattr(ingest, "wake_publisher", away)
    assert (post(event()).status_code, rows("select count(*) from events")) == (202, [(1,)])
