"""What the tenant received, and the log of requests."""

import json
from typing import Any

from tests.sandbox.started import ALDER, BIRCH, NAME, PARTNER, REGION, World, refusal


def arrivals(world: World, account: str = ALDER, bus: str = NAME) -> list[dict[str, Any]]:
    return world.sandbox.private("GET", f"inbox?account={account}&region={REGION}&bus={bus}")["arrivals"]


def requests(world: World) -> list[dict[str, Any]]:
    return world.sandbox.private("GET", "requests")["requests"]


def test_an_arrival_names_the_rule_and_the_target_that_took_it(world: World) -> None:
    queue = world.connected()
    world.put('{"n": 1}')
    (arrival,) = arrivals(world)
    assert arrival["taken"] == [{"rule": "everything", "target": queue.arn}]
    assert json.loads(arrival["event"]) == queue.events()[0]


def test_an_event_that_no_rule_matched_is_shown_as_taken_by_none(world: World) -> None:
    queue = world.queue()
    world.offer()
    world.accept()
    world.subscribe(queue, pattern={"detail-type": ["something else"]})
    world.put("{}")
    assert [arrival["taken"] for arrival in arrivals(world)] == [[]]
    assert queue.events() == []


def test_nobody_else_received_it(world: World) -> None:
    world.connected()
    world.put("{}")
    assert arrivals(world, BIRCH) == arrivals(world, ALDER, "another") == []


def test_the_inbox_keeps_the_newest_and_the_queue_keeps_all(world: World) -> None:
    queue = world.connected()
    for first in range(0, 60, 20):
        world.put(*(json.dumps({"n": first + n}) for n in range(20)))
    kept = [json.loads(arrival["event"])["detail"]["n"] for arrival in arrivals(world)]
    assert sorted(kept) == list(range(10, 60))
    assert len(queue.events()) == 60


def test_a_large_event_is_listed_without_its_text(world: World) -> None:
    world.connected()
    world.put(json.dumps({"x": "y" * 20_000}))
    (arrival,) = arrivals(world)
    assert arrival["event"] is None
    assert arrival["size"] > 20_000


def test_the_log_says_who_did_what_and_how_it_ended(world: World) -> None:
    world.offer()
    refusal(world.alder.describe_event_source, Name="aws.partner/example.com/nothing")
    world.faults(entry_failure_every=2)
    world.put("{}", "{}")
    wanted = ("account", "region", "operation", "outcome")
    assert [tuple(request[field] for field in wanted) for request in requests(world)] == [
        (PARTNER, REGION, "PutPartnerEvents", "1 of 2 entries failed"),
        (ALDER, REGION, "DescribeEventSource", "ResourceNotFoundException"),
        (PARTNER, REGION, "CreatePartnerEventSource", "ok"),
    ]
    assert all(request["duration_ms"] >= 0 for request in requests(world))


def test_the_log_keeps_no_keys_and_nothing_that_was_sent(world: World) -> None:
    world.connected()
    world.put('{"card": "4111-1111"}')
    stranger = world.sandbox.client("events", "AKIAIOSFODNN7EXAMPLE")
    assert refusal(stranger.list_event_buses) == "UnrecognizedClientException"
    text = json.dumps(requests(world))
    assert "UnrecognizedClientException" in text
    assert not any(secret in text for secret in ("4111-1111", "AKIA", "Signature"))


def test_a_source_deleted_behind_our_back_is_deleted_for_both_sides(world: World) -> None:
    world.connected()
    wanted = {"name": NAME, "account": ALDER, "region": REGION}
    assert world.sandbox.private("POST", "sources/delete", wanted) == {"state": "DELETED"}
    assert (world.state(), world.seen_by_partner()) == ("DELETED", "none")
    status, _ = world.sandbox.private("POST", "sources/delete", {**wanted, "account": BIRCH})
    assert status == 404
