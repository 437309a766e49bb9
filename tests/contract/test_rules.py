"""What the customer's rules make of our events, and the pattern check that AWS offers."""

import json
from typing import Any

import pytest

from tests.contract.receiver import Receiver
from tests.contract.world import World, code_of, entry

EVENT = {
    "id": "1",
    "version": "0",
    "account": "222222222222",
    "time": "2026-01-02T03:04:05Z",
    "region": "eu-west-1",
    "resources": [],
    "source": "aws.partner/example.com/alder/events",
    "detail-type": "order.created",
    "detail": {"total": 12.5, "state": "paid", "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}], "none": None},
}


def matches(world: World, pattern: dict[str, Any]) -> bool:
    reply = world.customer.events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))
    return bool(reply["Result"])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": [EVENT["source"]]}, True),
        ({"source": [{"prefix": "aws.partner/example.com"}]}, True),
        ({"source": ["aws.partner/example.com/*"]}, False),
        ({"source": [{"wildcard": "aws.partner/example.com/*"}]}, True),
        ({"detail-type": ["order.deleted", "order.created"]}, True),
        ({"detail-type": ["Order.Created"]}, False),
        ({"detail": {"total": [{"numeric": [">", 10, "<=", 12.5]}]}}, True),
        ({"detail": {"total": ["12.5"]}}, False),
        ({"detail": {"state": [{"anything-but": ["open"]}], "missing": [{"exists": False}]}}, True),
        ({"detail": {"none": [None]}}, True),
        ({"detail": {"items": {"sku": ["a"], "n": [2]}}}, False),
        ({"detail": {"items": {"sku": ["b"], "n": [2]}}}, True),
        ({"$or": [{"source": ["nowhere"]}, {"detail": {"state": ["paid"]}}]}, True),
    ],
)
def test_event_patterns_match_as_documented(world: World, pattern: dict[str, Any], expected: bool) -> None:
    assert matches(world, pattern) is expected


@pytest.mark.parametrize("pattern", ['{"source":"not a list"}', '{"source":[]}', "{", '{"source":[{"nonsense":1}]}'])
def test_a_pattern_that_is_none_is_refused(world: World, pattern: str) -> None:
    events = world.customer.events
    code = code_of(lambda: events.test_event_pattern(EventPattern=pattern, Event=json.dumps(EVENT)))
    assert code == "InvalidEventPatternException"


def test_a_rule_lets_through_what_its_pattern_matches_and_nothing_else(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name, {"detail": {"state": ["paid"]}})
    world.put(entry(name, '{"state":"open"}'), entry(name, '{"state":"paid"}'))
    assert receiver.receive_all_details() == [{"state": "paid"}]
    receiver.close()


def test_a_disabled_rule_delivers_nothing(world: World) -> None:
    name = world.accepted()
    sleeping, waking = Receiver(world.customer, name, state="DISABLED"), Receiver(world.customer, name)
    world.put(entry(name))
    assert len(waking.receive(1)) == 1
    assert sleeping.receive_all() == []
    sleeping.close()
    waking.close()


def test_a_bus_that_still_has_rules_cannot_be_deleted(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    assert code_of(lambda: world.customer.events.delete_event_bus(Name=name)) == "ValidationException"
    receiver.close()
