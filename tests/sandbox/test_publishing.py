import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.started import ALDER, BIRCH, NAME, PARTNER, REGION, Sandbox, World, refusal

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OTHER = "aws.partner/example.com.test/birch/events"


def codes(answer: dict[str, Any]) -> list[str | None]:
    return [entry.get("ErrorCode") for entry in answer["Entries"]]


def test_the_envelope_is_the_one_that_rules_see(world: World) -> None:
    inbox = world.connected()
    moment = datetime(2026, 11, 23, 12, 30, 45, tzinfo=UTC)
    answer = world.put('{"order": 7}', Time=moment, Resources=["urn:partnerbus:event:1", "second"])
    (event,) = inbox.events()
    assert event == {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "Order Placed",
        "source": NAME,
        "account": ALDER,
        "time": "2026-11-23T12:30:45Z",
        "region": REGION,
        "resources": ["urn:partnerbus:event:1", "second"],
        "detail": {"order": 7},
    }


def test_an_entry_without_a_time_bears_the_time_of_receipt(world: World) -> None:
    inbox = world.connected()
    before = datetime.now(UTC).replace(microsecond=0)
    world.put("{}")
    (event,) = inbox.events()
    assert before <= datetime.fromisoformat(event["time"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "detail",
    [
        '{"id":123456789012345678901234567890,"price":19.90,"tiny":1e-400,"negative":-0.0}',
        '{ "z" : 1,\n\t"a" : [ ] , "z2":{"b":null,"a":true} }',
        '{"same":1,"same":2}',
        '{"text":"\\u00e9 é \\/ \\ud83d\\ude00 😀 \\u0000"}',
        '{"digits":' + "9" * 5000 + "}",
    ],
)
def test_the_detail_arrives_byte_for_byte(world: World, detail: str) -> None:
    inbox = world.connected()
    assert codes(world.put(detail)) == [None]
    (body,) = inbox.bodies()
    assert body.endswith(f',"detail":{detail}}}')


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_any_json_object_arrives_byte_for_byte(world: World, detail: dict[str, Any]) -> None:
    world.sandbox.private("POST", "reset")
    inbox = world.connected()
    text = json.dumps(detail)
    assert codes(world.put(text)) == [None]
    (body,) = inbox.bodies()
    assert body.endswith(f',"detail":{text}}}')


def test_one_request_may_mix_sources_and_answers_by_index(world: World) -> None:
    inbox = world.connected()
    world.offer(OTHER, account=BIRCH)
    entries = [
        {"Source": NAME, "DetailType": "t", "Detail": '{"n": 1}'},
        {"Source": "aws.partner/example.com.test/nobody", "DetailType": "t", "Detail": "{}"},
        {"Source": OTHER, "DetailType": "t", "Detail": "{}"},
        {"Source": NAME, "DetailType": "t", "Detail": "not json"},
        {"Source": NAME, "DetailType": "t"},
        {"Source": NAME, "DetailType": "t", "Detail": '{"n": 2}'},
    ]
    answer = world.partner.put_partner_events(Entries=entries)
    assert codes(answer) == [None, "ResourceNotFoundException", None, "MalformedDetail", "InvalidArgument", None]
    assert answer["FailedEntryCount"] == 3
    ids = [entry.get("EventId") for entry in answer["Entries"]]
    assert all(UUID.fullmatch(event_id) for event_id in ids if event_id)
    assert [event["id"] for event in inbox.events()] == [ids[0], ids[5]]


@pytest.mark.parametrize("detail", ["", "{", "[]", '"text"', "1", "null", "{'a':1}", '{"a":NaN}', '{"a":Infinity}'])
def test_a_detail_that_is_no_json_object_fails_alone(world: World, detail: str) -> None:
    world.offer()
    answer = world.put(detail, "{}")
    expected = "MalformedDetail" if detail else "InvalidArgument"
    assert codes(answer) == [expected, None]
    assert "EventId" not in answer["Entries"][0]
    assert answer["Entries"][0]["ErrorMessage"]


def test_a_thousand_levels_of_detail_are_delivered_and_one_more_is_malformed(world: World) -> None:
    inbox = world.connected()
    deepest = '{"a":' + "[" * 999 + "]" * 999 + "}"
    too_deep = '{"a":' + "[" * 1000 + "]" * 1000 + "}"
    brackets_in_text = json.dumps({"a": "[{" * 2000, "b": '\\"[' * 2000})
    assert codes(world.put(deepest, too_deep, brackets_in_text)) == [None, "MalformedDetail", None]
    assert len(inbox.bodies()) == 2


@pytest.mark.parametrize("missing", ["Source", "DetailType", "Detail"])
def test_an_incomplete_entry_fails_alone_but_not_if_all_are_incomplete(world: World, missing: str) -> None:
    world.offer()
    complete = {"Source": NAME, "DetailType": "t", "Detail": "{}"}
    incomplete = {key: value for key, value in complete.items() if key != missing}
    answer = world.partner.put_partner_events(Entries=[incomplete, complete])
    assert codes(answer) == ["InvalidArgument", None]
    assert answer["Entries"][0]["ErrorMessage"] == (
        f"Parameter {missing} is not valid. Reason: {missing} is a required argument."
    )
    assert refusal(world.partner.put_partner_events, Entries=[incomplete, incomplete]) == "ValidationException"


def test_another_publishers_source_looks_like_one_that_does_not_exist(world: World, sandbox: Sandbox) -> None:
    inbox = world.connected()
    sandbox.private("POST", "publishers", {"account": BIRCH, "namespaces": ["*"]})
    entries = [{"Source": source, "DetailType": "t", "Detail": "{}"} for source in (NAME, OTHER)]
    answer = world.birch.put_partner_events(Entries=entries)
    assert codes(answer) == ["ResourceNotFoundException"] * 2
    assert inbox.events() == []


def test_the_code_for_an_unknown_source_is_configuration(world: World) -> None:
    world.settings(unknown_source_code="NotAuthorizedForSourceException")
    assert codes(world.put("{}")) == ["NotAuthorizedForSourceException"]


def test_a_long_detail_type_is_accepted_and_never_seen_again(world: World) -> None:
    inbox = world.connected()
    entries = [{"Source": NAME, "DetailType": "t" * length, "Detail": "{}"} for length in (128, 129)]
    answer = world.partner.put_partner_events(Entries=entries)
    assert codes(answer) == [None, None]
    assert [len(event["detail-type"]) for event in inbox.events()] == [128]


def entry_of_bytes(size: int) -> dict[str, Any]:
    """An entry that counts exactly `size` bytes, with two-byte characters, a time and resources."""
    entry = {"Source": NAME, "DetailType": "é", "Time": datetime(2026, 1, 1, tzinfo=UTC), "Resources": ["é", "1"]}
    rest = size - 14 - len(NAME) - 2 - 2 - 1
    return {**entry, "Detail": json.dumps({"a": "x" * (rest - len('{"a": ""}'))})}


def test_the_sum_of_all_entries_is_limited_to_the_byte(world: World) -> None:
    world.offer()
    limit = 262_144
    put = world.partner.put_partner_events
    assert refusal(put, Entries=[entry_of_bytes(limit)]) == "accepted"
    assert refusal(put, Entries=[entry_of_bytes(limit + 1)]) == "ValidationException"
    assert refusal(put, Entries=[entry_of_bytes(limit // 2), entry_of_bytes(limit // 2)]) == "accepted"
    assert refusal(put, Entries=[entry_of_bytes(limit // 2), entry_of_bytes(limit // 2 + 1)]) == "ValidationException"


def test_the_size_limit_is_configuration(world: World) -> None:
    world.offer()
    world.settings(max_request_bytes=1000)
    put = world.partner.put_partner_events
    assert refusal(put, Entries=[entry_of_bytes(1000)]) == "accepted"
    assert refusal(put, Entries=[entry_of_bytes(1001)]) == "ValidationException"


def test_put_events_reaches_default_and_custom_buses_and_no_partner_bus(world: World) -> None:
    world.connected()
    world.alder.create_event_bus(Name="orders")
    inboxes = {bus: world.queue(f"inbox-{bus}") for bus in ("default", "orders")}
    for bus, inbox in inboxes.items():
        world.subscribe(inbox, bus=bus)
    entry = {"Source": "shop", "DetailType": "t", "Detail": '{"n": 1.50}'}
    answer = world.alder.put_events(Entries=[entry, {**entry, "EventBusName": "orders"}])
    assert codes(answer) == [None, None]
    for inbox in inboxes.values():
        (body,) = inbox.bodies()
        assert body.endswith('"detail":{"n": 1.50}}')
    partner_bus = {**entry, "EventBusName": NAME}
    assert refusal(world.alder.put_events, Entries=[partner_bus]) == "ValidationException"


def test_put_events_refuses_awss_own_sources_and_unknown_buses_alone(world: World) -> None:
    entry = {"Source": "shop", "DetailType": "t", "Detail": "{}"}
    entries = [{**entry, "Source": "aws.s3"}, {**entry, "EventBusName": "nowhere"}, entry]
    answer = world.alder.put_events(Entries=entries)
    assert codes(answer) == ["NotAuthorizedForSourceException", "ResourceNotFoundException", None]


def test_the_partner_cannot_publish_for_the_customer(world: World, sandbox: Sandbox) -> None:
    inbox = world.connected()
    sandbox.client("events", PARTNER).put_events(Entries=[{"Source": "shop", "DetailType": "t", "Detail": "{}"}])
    assert inbox.events() == []
