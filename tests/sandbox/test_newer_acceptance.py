"""Accepting by boto3's `eventbridgev2`: an event source of a newer bus that points at the partner source."""

from typing import Any

import pytest

from tests.sandbox.started import ALDER, BIRCH, NAME, REGION, World, refusal

ARN = f"arn:aws:events:{REGION}::event-source/{NAME}"


def newer(world: World, account: str = ALDER) -> Any:
    return world.sandbox.client("eventbridgev2", account)


def attach(world: World, **partner: Any) -> str:
    client = newer(world)
    bus = client.create_event_bus(Name="orders")["EventBusArn"]
    configuration = {"PartnerEventsConfiguration": {"PartnerEventSourceArn": ARN, **partner}}
    return client.create_event_source(Name="alder", EventBusArn=bus, Configuration=configuration)["EventSourceArn"]


def inbox(world: World, account: str = ALDER) -> list[dict[str, Any]]:
    return world.sandbox.private("GET", f"inbox?account={account}&region={REGION}")["arrivals"]


def test_it_makes_the_source_active_for_both_sides_and_a_classic_bus_of_its_name(world: World) -> None:
    world.offer()
    attach(world)
    assert (world.state(), world.seen_by_partner()) == ("ACTIVE", "ACTIVE")
    assert world.alder.describe_event_bus(Name=NAME)["Name"] == NAME


def test_deleting_the_event_source_leaves_it_pending_without_a_bus(world: World) -> None:
    world.offer()
    newer(world).delete_event_source(EventSourceArn=attach(world))
    assert (world.state(), world.seen_by_partner()) == ("PENDING", "PENDING")
    assert refusal(world.alder.describe_event_bus, Name=NAME) == "ResourceNotFoundException"


def test_what_was_attached_is_listed_and_described(world: World) -> None:
    world.offer()
    arn = attach(world)
    (listed,) = newer(world).list_event_sources()["EventSources"]
    described = newer(world).describe_event_source(EventSourceArn=arn)
    assert listed["EventSourceArn"] == described["EventSourceArn"] == arn
    assert described["Configuration"]["PartnerEventsConfiguration"]["PartnerEventSourceArn"] == ARN
    (bus,) = newer(world).list_event_buses()["EventBuses"]
    assert newer(world).describe_event_bus(EventBusArn=bus["EventBusArn"])["State"] == "ACTIVE"
    assert newer(world, BIRCH).list_event_sources()["EventSources"] == []


def test_what_is_published_reaches_the_newer_bus_through_the_managed_rule(world: World) -> None:
    world.offer()
    attach(world, Pattern='{"detail": {"paid": [true]}}')
    assert world.put('{"paid": true}', '{"paid": false}')["FailedEntryCount"] == 0
    taken = {arrival["event"][-16:]: [each["rule"] for each in arrival["taken"]] for arrival in inbox(world)}
    assert list(map(len, taken.values())) in ([1, 0], [0, 1])
    assert ["managed by EventBridge"] in taken.values()


@pytest.mark.parametrize("ending", ["a", "/x"])
def test_a_source_that_is_not_offered_here_is_not_found(world: World, ending: str) -> None:
    world.offer()
    client = newer(world)
    bus = client.create_event_bus(Name="orders")["EventBusArn"]
    configuration = {"PartnerEventsConfiguration": {"PartnerEventSourceArn": ARN + ending}}
    said = refusal(client.create_event_source, Name="alder", EventBusArn=bus, Configuration=configuration)
    assert said == "ResourceNotFoundException"
    assert world.state() == "PENDING"


def test_somebody_elses_bus_and_event_source_are_not_found(world: World) -> None:
    world.offer()
    arn = attach(world)
    birch = newer(world, BIRCH)
    bus = newer(world).list_event_buses()["EventBuses"][0]["EventBusArn"]
    assert refusal(birch.describe_event_bus, EventBusArn=bus) == "ResourceNotFoundException"
    assert refusal(birch.delete_event_source, EventSourceArn=arn) == "ResourceNotFoundException"
    assert world.state() == "ACTIVE"


def test_a_pattern_that_is_none_is_invalid_input_and_attaches_nothing(world: World) -> None:
    world.offer()
    assert refusal(attach, world, Pattern="[]") == "InvalidInputException"
    assert world.state() == "PENDING"


def test_a_source_that_a_classic_bus_has_cannot_be_attached_as_well(world: World) -> None:
    world.offer()
    world.accept()
    assert refusal(attach, world) == "ResourceAlreadyExistsException"


def test_the_managed_bus_and_a_bus_in_use_cannot_be_deleted(world: World) -> None:
    world.offer()
    arn = attach(world)
    assert refusal(world.alder.delete_event_bus, Name=NAME) == "ValidationException"
    bus = newer(world).list_event_buses()["EventBuses"][0]["EventBusArn"]
    assert refusal(newer(world).delete_event_bus, EventBusArn=bus) == "ResourceInUseException"
    newer(world).delete_event_source(EventSourceArn=arn)
    assert refusal(newer(world).delete_event_bus, EventBusArn=bus) == "accepted"


def test_the_same_client_token_answers_with_what_it_made_and_another_is_refused(world: World) -> None:
    client = newer(world)
    first = client.create_event_bus(Name="orders", ClientToken="once")
    assert client.create_event_bus(Name="orders", ClientToken="once")["EventBusArn"] == first["EventBusArn"]
    assert refusal(client.create_event_bus, Name="orders", ClientToken="twice") == "ResourceAlreadyExistsException"


def test_after_the_partner_deleted_it_the_event_source_can_be_taken_away(world: World) -> None:
    world.offer()
    arn = attach(world)
    world.withdraw()
    assert world.state() == "DELETED"
    newer(world).delete_event_source(EventSourceArn=arn)
    assert world.state() == "none"
