"""CloudEvents 1.0 in its three forms: what becomes of each attribute, and what is refused alone."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from integrations.events.cloud_events import BATCH, STRUCTURED, id_of, read_cloud_events
from integrations.events.parsing import parse_event
from integrations.events.rejections import Rejection
from tests.events.conftest import rows

pytestmark = pytest.mark.usefixtures("tenant")
Post = Callable[..., Any]

DATA = b'{"n":123456789012345678901234567890, "m":1.50,"m":1E+2 , "t":"\\u0000 \xc3\xbc"}'
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "A-1",
    "source": "/orders",
    "type": "order.created",
    "time": "2026-11-23T09:30:00.5+01:00",
    "subject": "order/1",
    "tenant": "alder",
}


def cloud_event(data: bytes | None = DATA, **attributes: Any) -> bytes:
    envelope = json.dumps({**ATTRIBUTES, **attributes}).encode()
    return envelope if data is None else envelope[:-1] + b',"data":' + data + b"}"


def headers(**attributes: str) -> dict[str, str]:
    return {f"ce_{name}": value for name, value in {**ATTRIBUTES, **attributes}.items()}


def wires() -> list[dict[str, Any]]:
    return [json.loads(b"{" + bytes(wire)) for (wire,) in rows("select wire from events order by id")]


def check_stored(answer: Any) -> None:
    """The event of ATTRIBUTES and DATA is there, once."""
    assert answer.status_code == 202, answer.content
    (item,) = answer.json()["events"]
    assert (item["index"], item["id"], item["status"]) == (0, "/orders::A-1", "stored")
    (wire,) = wires()
    assert wire["DetailType"] == "order.created"
    assert wire["Detail"] == DATA.decode()
    assert wire["Time"] == 1795422600.5
    assert wire["Resources"] == ["order/1", f"urn:partnerbus:event:{item['event_id']}"]


def test_a_structured_cloud_event_is_stored_with_its_data_byte_for_byte(post: Post) -> None:
    check_stored(post(cloud_event(), content_type=f"{STRUCTURED}; charset=UTF-8"))


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.shop.order+json; charset=utf-8", "text/json"])
def test_a_binary_cloud_event_is_stored_with_its_body_byte_for_byte(post: Post, kind: str) -> None:
    check_stored(post(DATA, content_type=kind, **headers()))


def test_a_batch_of_cloud_events_is_stored(post: Post) -> None:
    check_stored(post(b" [ " + cloud_event() + b" ] ", content_type=BATCH))


def test_the_three_forms_of_one_event_are_one_event(post: Post) -> None:
    answers = [
        post(cloud_event(), content_type=STRUCTURED),
        post(b"[" + cloud_event() + b"]", content_type=BATCH),
        post(DATA, **headers()),
    ]
    assert [answer.json()["events"][0]["status"] for answer in answers] == ["stored", "duplicate", "duplicate"]
    assert {answer.json()["events"][0]["code"] for answer in answers} == {None}


def test_an_empty_batch_is_legal_and_stores_nothing(post: Post) -> None:
    assert post(b"[]", content_type=BATCH).json() == {"stored": 0, "duplicates": 0, "rejected": 0, "events": []}


REFUSED_ALONE = [
    ("specversion_unsupported", cloud_event(specversion="0.3")),
    ("cloud_event_invalid", cloud_event(specversion=1.0)),
    ("cloud_event_invalid", cloud_event(id="")),
    ("cloud_event_invalid", cloud_event(id=None)),
    ("cloud_event_invalid", cloud_event(source="")),
    ("cloud_event_invalid", cloud_event(source="a\nb")),
    ("cloud_event_invalid", cloud_event(tenant=None)),
    ("cloud_event_invalid", cloud_event(tenant=True)),
    ("cloud_event_invalid", cloud_event(None, data_base64="not base64!")),
    ("cloud_event_invalid", b'{"specversion":"1.0","id":"1","source":"/s"}'),
    ("cloud_event_invalid", b"[]"),
    ("cloud_event_invalid", b'"text"'),
    ("tenant_unknown", cloud_event(tenant="nobody")),
    ("type_empty", cloud_event(type="")),
    ("type_too_long", cloud_event(type="x" * 129)),
    ("time_invalid", cloud_event(time="yesterday")),
    ("resources_invalid", cloud_event(subject="x" * 2_049)),
    ("data_not_json", cloud_event(b'"<order/>"', datacontenttype="application/xml")),
    ("data_not_json", cloud_event(None, datacontenttype="image/png", data_base64="AAAA")),
    ("detail_not_object", cloud_event(b'"text"')),
    ("detail_not_object", cloud_event(b"[1]")),
    ("detail_not_object", cloud_event(b"null")),
    ("detail_too_deep", cloud_event(b'{"a":' * 1_001 + b"1" + b"}" * 1_001)),
    ("detail_too_deep", cloud_event(b'{"a":' * 5_000 + b"1" + b"}" * 5_000)),
    ("event_too_large", cloud_event(json.dumps({"text": "x" * 262_000}).encode())),
    ("json_invalid", cloud_event(b'{"a":NaN}')),
    ("json_invalid", cloud_event(b'{"a" 1}')),
    ("nul_byte", cloud_event(b'{"a":"x\x00y"}')),
    ("utf8_invalid", cloud_event(b'{"a":"\xff"}')),
    ("utf8_invalid", cloud_event(id="#").replace(b"#", b"\xff")),
    ("utf8_invalid", cloud_event(ignored="#").replace(b"#", b"\xff")),
    ("surrogate_invalid", cloud_event(b'{"a":"\\ud800 alone"}')),
]


@pytest.mark.parametrize(("code", "bad"), REFUSED_ALONE, ids=lambda value: value if isinstance(value, str) else "")
def test_one_bad_cloud_event_is_refused_with_its_code_and_its_neighbours_are_stored(
    post: Post, code: str, bad: bytes
) -> None:
    batch = [cloud_event(id="first"), bad, cloud_event(id="last")]
    answer = post(b"[" + b",".join(batch) + b"]", content_type=BATCH).json()
    assert [item["status"] for item in answer["events"]] == ["stored", "rejected", "stored"], answer
    assert [item["index"] for item in answer["events"]] == [0, 1, 2]
    assert answer["events"][1]["code"] == code
    assert len(answer["events"][1]["message"]) > 20
    assert (answer["stored"], answer["rejected"], answer["duplicates"]) == (2, 1, 0)


@pytest.mark.parametrize(("code", "bad"), REFUSED_ALONE, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_structured_cloud_event_is_refused_with_the_same_code(post: Post, code: str, bad: bytes) -> None:
    (item,) = post(bad, content_type=STRUCTURED).json()["events"]
    assert (item["status"], item["code"]) == ("rejected", code)
    assert rows("select count(*) from events") == [(0,)]


@pytest.mark.parametrize(
    ("code", "body", "kind", "changed"),
    [
        ("specversion_unsupported", DATA, "application/json", {"specversion": "0.3"}),
        ("data_not_json", b"<order/>", "application/xml", {}),
        ("data_not_json", DATA, "application/x-ndjson", {}),
        ("json_invalid", b"not json", "application/json", {}),
        ("json_invalid", b'{},"tenant":"birch"', "application/json", {}),
        ("json_invalid", b'{"a":1} {"b":2}', "application/json", {}),
        ("detail_not_object", b"[1]", "application/json", {}),
        ("surrogate_invalid", b'{"a":"\\ud800"}', "application/json", {}),
        ("utf8_invalid", b'{"a":"\xff"}', "application/json", {}),
        ("utf8_invalid", DATA, "application/json", {"subject": "%C0%A0"}),
        ("type_empty", DATA, "application/json", {"type": ""}),
        ("cloud_event_invalid", DATA, "application/json", {"source": "%0A"}),
    ],
)
def test_a_bad_binary_cloud_event_is_refused_with_its_code(
    post: Post, code: str, body: bytes, kind: str, changed: dict[str, str]
) -> None:
    (item,) = post(body, content_type=kind, **headers(**changed)).json()["events"]
    assert (item["status"], item["code"]) == ("rejected", code)
    assert rows("select count(*) from events") == [(0,)]


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "tenant"])
def test_a_missing_attribute_is_named(post: Post, missing: str) -> None:
    given = {name: value for name, value in headers().items() if name != f"ce_{missing}"}
    (item,) = post(DATA, **given).json()["events"]
    assert item["code"] == "cloud_event_invalid"
    assert missing in item["message"]


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("once%2520only", "once%20only"),
        ('"quoted \\"text\\""', 'quoted "text"'),
        ("%e2%82%ac", "€"),
        ("plain%41", "plainA"),
        ("100%", "100%"),
        ("€".encode().decode("latin-1"), "€"),
    ],
)
def test_header_values_are_unquoted_and_percent_decoded_once(post: Post, header: str, meant: str) -> None:
    assert post(DATA, **headers(subject=header)).json()["stored"] == 1
    (wire,) = wires()
    assert wire["Resources"][0] == meant


@pytest.mark.parametrize("data", [None, b""])
def test_a_cloud_event_without_data_has_an_empty_detail(post: Post, data: bytes | None) -> None:
    answer = post(cloud_event(None), content_type=STRUCTURED) if data is None else post(data, **headers())
    assert answer.json()["stored"] == 1, answer.content
    assert wires()[0]["Detail"] == "{}"


def test_an_empty_body_is_refused_where_a_cloud_event_should_be(post: Post) -> None:
    for kind in (STRUCTURED, BATCH):
        answer = post(b"", content_type=kind)
        assert (answer.status_code, answer.json()["code"]) == (400, "body_empty")


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.order+json", None])
def test_json_in_base64_is_taken_byte_for_byte(post: Post, kind: str | None) -> None:
    encoded = base64.b64encode(DATA).decode()
    answer = post(cloud_event(None, data_base64=encoded, datacontenttype=kind), content_type=STRUCTURED)
    assert answer.json()["stored"] == 1, answer.content
    assert wires()[0]["Detail"] == DATA.decode()


def test_unset_attributes_may_be_null_and_unknown_ones_are_left_out(post: Post) -> None:
    odd = cloud_event(subject=None, time=None, datacontenttype=None, dataschema=None, traceparent="00-1", number=5)
    assert post(odd, content_type=STRUCTURED).json()["stored"] == 1
    (wire,) = wires()
    assert [resource[:9] for resource in wire["Resources"]] == ["urn:partn"]
    assert "traceparent" not in json.dumps(wire)


def test_a_tenant_may_be_a_number_and_partnerbustenant_takes_its_place(
    post: Post, client: Client, api_key: str
) -> None:
    authorization = {"Authorization": f"Bearer {api_key}"}
    client.put("/api/v1/tenants/42", b"{}", content_type="application/json", headers=authorization)
    batch = [cloud_event(id="1", tenant=42), cloud_event(id="2", tenant="of another kind", partnerbustenant="42")]
    answer = post(b"[" + b",".join(batch) + b"]", content_type=BATCH).json()
    assert answer["stored"] == 2
    assert post(DATA, **headers(id="3", tenant="42")).json()["stored"] == 1


def test_the_same_id_of_two_sources_is_two_events(post: Post) -> None:
    batch = [cloud_event(source="/orders"), cloud_event(source="/users"), cloud_event(source="/orders")]
    answer = post(b"[" + b",".join(batch) + b"]", content_type=BATCH).json()
    assert [item["status"] for item in answer["events"]] == ["stored", "stored", "duplicate"]


def test_the_event_is_the_one_of_our_own_form_with_that_id(post: Post) -> None:
    ours = {"tenant": "alder", "type": "order.created", "id": "/orders::A-1", "detail": {"a": 1}}
    theirs = cloud_event(b'{"a": 1}', time=None, subject=None)
    assert post(ours).json()["stored"] == 1
    (item,) = post(theirs, content_type=STRUCTURED).json()["events"]
    assert (item["status"], item["code"]) == ("duplicate", None)


@pytest.mark.parametrize(
    ("source", "own_id", "ours"),
    [
        ("https://shop.example.com/orders", "A-1", "https://shop.example.com/orders::A-1"),
        ("/orders", "urn:uuid:6e8bc430", "/orders::urn:uuid:6e8bc430"),
        ("/orders", "with space", None),
        ("/orders?x=1", "A-1", None),
        ("/a::b", "c", None),
        ("/a", "b::c", None),
        ("/a:", "b", None),
        ("/" + "x" * 126, "A", None),
    ],
)
def test_an_id_is_readable_where_it_can_be_and_a_hash_elsewhere(source: str, own_id: str, ours: str | None) -> None:
    hashed = "sha256:" + hashlib.sha256(f"{source}\n{own_id}".encode()).hexdigest()
    assert id_of(source, own_id) == (ours or hashed)


TEXTS = st.text(st.sampled_from("ab:/"), min_size=1, max_size=6)


@given(st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS))
def test_two_cloud_events_never_share_an_id(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert (id_of(*first) == id_of(*second)) == (first == second)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{}", BATCH, 400, "body_invalid"),
        (b"[{}", BATCH, 400, "json_invalid"),
        (b"not json", BATCH, 400, "json_invalid"),
        (b"[" + b"{}," * 1_000 + b"{}]", BATCH, 413, "too_many_events"),
        (b"[" + b"1," * 2_000_000 + b"1]", BATCH, 413, "too_many_events"),
        (b"[" * 100_000, BATCH, 400, "json_invalid"),
        (b"{}", "application/cloudevents+avro", 415, "content_type_unsupported"),
        (b"{}", "application/cloudevents", 415, "content_type_unsupported"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(
    post: Post, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = post(body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.text(), st.text(min_size=1), st.text(min_size=1))
def test_any_data_stays_as_it_is_beside_any_attributes(
    data: dict[str, object], subject: str, source: str, own_id: str
) -> None:
    text = json.dumps(data).encode()
    (event,) = read_cloud_events(STRUCTURED, {}, cloud_event(text, source=source, id=own_id, subject=subject))
    if isinstance(event, Rejection):
        assert event.code == "cloud_event_invalid"
        assert any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in source + own_id)
    elif subject:
        assert parse_event(event).detail == text
    else:
        with pytest.raises(Rejection, match="texts of 1 to"):
            parse_event(event)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_arbitrary_bytes_never_become_more_than_the_detail(body: bytes) -> None:
    attributes = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-tenant": "alder"}
    (event,) = read_cloud_events("application/json", attributes, body)
    if isinstance(event, bytes) and body.strip():
        envelope = json.loads(event.decode(errors="replace"))
        assert envelope.keys() == {"tenant", "type", "id", "detail"}
