"""A source that the customer accepts by `eventbridgev2`, seen by the partner, who cannot tell the difference."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from integrations.aws.outcomes import Accepted
from tests.contract.world import World, code_of, entry, eventually


@pytest.fixture
def newer(world: World) -> Iterator["Newer"]:
    hands = Newer(world)
    yield hands
    hands.clear()


class Newer:
    """The customer's hands on one bus of the newer kind."""

    def __init__(self, world: World) -> None:
        self.client = world.customer.client("eventbridgev2")
        self._region = world.region
        self._label = f"contract-{uuid4().hex[:12]}"
        self.bus: str = self.client.create_event_bus(Name=self._label)["EventBusArn"]

    def attach(self, world: World, name: str) -> str:
        arn = world.partner.describe_partner_event_source(Name=name)["Arn"]
        made = self.client.create_event_source(
            Name=self._label,
            EventBusArn=self.bus,
            Configuration={"PartnerEventsConfiguration": {"PartnerEventSourceArn": arn}},
        )
        return str(made["EventSourceArn"])

    def clear(self) -> None:
        listed: list[dict[str, Any]] = self.client.list_event_sources(EventBusArn=self.bus)["EventSources"]
        for source in listed:
            self.client.delete_event_source(EventSourceArn=source["EventSourceArn"])
        self.client.delete_event_bus(EventBusArn=self.bus)


def test_an_event_source_of_a_newer_bus_makes_the_source_active(world: World, newer: Newer) -> None:
    name = world.offered()
    newer.attach(world, name)
    assert eventually(lambda: (world.state(name), world.customer.state(name)), ("ACTIVE", "ACTIVE")) == (
        "ACTIVE",
        "ACTIVE",
    )
    assert isinstance(world.put(entry(name))[0], Accepted)


def test_deleting_that_event_source_leaves_the_source_pending_without_a_bus(world: World, newer: Newer) -> None:
    name = world.offered()
    newer.client.delete_event_source(EventSourceArn=newer.attach(world, name))
    assert eventually(lambda: world.state(name), "PENDING") == "PENDING"
    assert code_of(lambda: world.customer.events.describe_event_bus(Name=name)) == "ResourceNotFoundException"


def test_a_source_is_accepted_in_one_of_the_two_ways_only(world: World, newer: Newer) -> None:
    name = world.accepted()
    assert code_of(lambda: newer.attach(world, name)) == "ResourceAlreadyExistsException"
