import pytest
from botocore.exceptions import ClientError

from tests.sandbox.started import ALDER, NAME, REGION, World, message, refusal


def test_every_account_has_a_default_bus(world: World) -> None:
    (bus,) = world.birch.list_event_buses()["EventBuses"]
    assert (bus["Name"], bus["Arn"]) == ("default", f"arn:aws:events:{REGION}:333333333333:event-bus/default")
    assert world.birch.describe_event_bus()["Name"] == "default"


def test_a_partner_bus_is_described_and_listed_under_its_sources_name(world: World) -> None:
    world.offer()
    created = world.alder.create_event_bus(Name=NAME, EventSourceName=NAME, Description="from the partner")
    arn = f"arn:aws:events:{REGION}:{ALDER}:event-bus/{NAME}"
    assert created["EventBusArn"] == arn
    described = world.alder.describe_event_bus(Name=NAME)
    assert (described["Arn"], described["Description"]) == (arn, "from the partner")
    assert [bus["Name"] for bus in world.alder.list_event_buses(NamePrefix="aws.partner")["EventBuses"]] == [NAME]
    assert [bus["Name"] for bus in world.alder.list_event_buses()["EventBuses"]] == [NAME, "default"]


def test_a_partner_bus_must_name_its_source(world: World) -> None:
    world.offer()
    with pytest.raises(ClientError) as refused:
        world.alder.create_event_bus(Name=NAME)
    assert message(refused.value) == "EventBus name starting with 'aws.' is not valid."


@pytest.mark.parametrize("name", ["mine", NAME + "x", "default"])
def test_a_partner_bus_must_bear_its_sources_name(world: World, name: str) -> None:
    world.offer()
    create = world.alder.create_event_bus
    assert refusal(create, Name=name, EventSourceName=NAME) == "ValidationException"
    assert world.state() == "PENDING"


def test_custom_buses_have_no_slash_in_their_name(world: World) -> None:
    assert refusal(world.alder.create_event_bus, Name="a/b") == "ValidationException"


@pytest.mark.parametrize("name", ["default", "mine"])
def test_a_bus_is_made_once(world: World, name: str) -> None:
    if name != "default":
        world.alder.create_event_bus(Name=name)
    assert refusal(world.alder.create_event_bus, Name=name) == "ResourceAlreadyExistsException"


def test_the_default_bus_cannot_be_deleted(world: World) -> None:
    assert refusal(world.alder.delete_event_bus, Name="default") == "ValidationException"
