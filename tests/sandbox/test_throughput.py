"""Bounded checks with floors far below what a quiet machine does, so that a busy one does not fail them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.sandbox.started import NAME, World

DETAIL = json.dumps({"order": 7, "text": "x" * 1000})
CALLS, ENTRIES = 50, 20


def test_a_thousand_kilobyte_events_are_delivered_within_seconds(world: World) -> None:
    inbox = world.connected()
    started = time.monotonic()
    for _ in range(CALLS):
        assert world.put(*[DETAIL] * ENTRIES)["FailedEntryCount"] == 0
    assert CALLS * ENTRIES / (time.monotonic() - started) > 500
    assert len(inbox.bodies()) == CALLS * ENTRIES


def test_a_deep_queue_is_as_fast_as_a_shallow_one(world: World) -> None:
    inbox = world.connected()
    for number in range(4):  # five targets in all: each accepted event becomes five messages
        world.subscribe(inbox, rule=f"copy-{number}")
    for _ in range(200):
        world.put(*['{"n": 1}'] * ENTRIES)
    started = time.monotonic()
    for _ in range(20):
        received = inbox.sqs.receive_message(QueueUrl=inbox.url, MaxNumberOfMessages=10)["Messages"]
        assert len(received) == 10
        inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="one more")
    assert time.monotonic() - started < 5
    attributes = inbox.sqs.get_queue_attributes(QueueUrl=inbox.url, AttributeNames=["ApproximateNumberOfMessages"])
    assert attributes["Attributes"] == {"ApproximateNumberOfMessages": str(20_000 - 200 + 20)}


def test_concurrent_publishers_lose_and_double_nothing(world: World) -> None:
    inbox = world.connected()

    def publish(number: int) -> list[str]:
        answer = world.put(*[json.dumps({"n": number})] * 10)
        return [entry["EventId"] for entry in answer["Entries"]]

    with ThreadPoolExecutor(4) as pool:
        accepted = [event_id for ids in pool.map(publish, range(40)) for event_id in ids]
    assert sorted(event["id"] for event in inbox.events()) == sorted(accepted)


def test_concurrent_creations_of_one_source_succeed_once(world: World) -> None:
    def create(_: int) -> bool:
        try:
            world.offer()
        except world.partner.exceptions.ResourceAlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(create, range(12))) == 1
    assert world.alder.describe_event_source(Name=NAME)["State"] == "PENDING"
