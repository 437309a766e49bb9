"""Two texts are the same JSON, or they are not; floats have no say in it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.smoke.backend import Source
from tests.smoke.comparing import NO_EVENT, as_decimals, differences, parsed
from tests.smoke.reading import Event

SOURCE = Source("s1", "alder", "222222222222", "eu-west-1", "aws.partner/example.com.test/alder/events")
EVENT = Event("alder", "order.placed", "1", b'{"n":123456789012345678901234567890}', "2026-01-02T03:04:05.999Z", ("r",))
URN = "urn:partnerbus:event:0198"


def message(**changed: Any) -> str:
    envelope = {
        "version": "0",
        "id": "x",
        "detail-type": "order.placed",
        "source": SOURCE.name,
        "account": SOURCE.account,
        "time": "2026-01-02T03:04:05Z",
        "region": SOURCE.region,
        "resources": ["r", URN],
        "detail": {"n": 123456789012345678901234567890},
    }
    return json.dumps(envelope | changed)


def different(event: Event = EVENT, **changed: Any) -> list[str]:
    return differences(event, URN, SOURCE, parsed(message(**changed)).content)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0", "1"),
        ("-0", "0"),
        ("1e2", "100"),
        ("0.10", "0.1"),
        ('{"a":1,"b":2}', '{"b":2,"a":1}'),
        ('"\\u0061"', '"a"'),
    ],
)
def test_equal(one: str, other: str) -> None:
    assert as_decimals(one) == as_decimals(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "true"),
        ("0", "false"),
        ("null", "false"),
        ('"1"', "1"),
        ("9007199254740993", "9007199254740992"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("1e400", "1e401"),
        ("[1,2]", "[2,1]"),
        ('"e\\u0301"', '"\\u00e9"'),
        ('{"a":null}', "{}"),
        ("1e99999999999999999999", "1e99999999999999999998"),
    ],
)
def test_different(one: str, other: str) -> None:
    assert as_decimals(one) != as_decimals(other)


def test_a_message_that_is_the_event_differs_in_nothing() -> None:
    assert different() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("detail", {"n": 123456789012345678901234567891}),
        ("detail-type", "order.Placed"),
        ("resources", [URN]),
        ("resources", [URN, "r"]),
        ("source", SOURCE.name + "2"),
        ("account", "333333333333"),
        ("region", "us-east-1"),
        ("time", "2026-01-02T03:04:07Z"),
        ("time", None),
    ],
)
def test_each_field_is_compared(field: str, value: Any) -> None:
    assert different(**{field: value}) == [field]


def test_without_a_posted_time_any_time_will_do() -> None:
    assert different(replace(EVENT, time=None), time="2001-01-01T00:00:00Z") == []


def test_the_event_id_comes_from_the_last_urn_and_may_be_missing() -> None:
    assert parsed(message(resources=["urn:partnerbus:event:fake", "r", URN])).event_id == "0198"
    assert parsed(message(resources=["r"])).event_id == NO_EVENT
    assert parsed('"text"').event_id == NO_EVENT
