"""Every error that AWS models for the operations served, provoked by what provokes it at AWS."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.started import ALDER, BIRCH, NAME, PARTNER, REGION, Sandbox, World, code, message, refusal


def test_a_second_offer_of_the_same_source_already_exists(world: World) -> None:
    world.offer()
    assert refusal(world.offer) == "ResourceAlreadyExistsException"


def test_a_name_offered_to_one_account_already_exists_for_every_other(world: World) -> None:
    world.offer()
    assert refusal(world.offer, account=BIRCH) == "ResourceAlreadyExistsException"
    world.withdraw()
    assert refusal(world.offer, account=BIRCH) == "accepted"


def test_a_name_of_another_publisher_already_exists(world: World, sandbox: Sandbox) -> None:
    sandbox.private("POST", "publishers", {"account": "444444444444", "namespaces": ["*"]})
    world.offer()
    rival = sandbox.client("events", "444444444444")
    assert refusal(rival.create_partner_event_source, Name=NAME, Account=ALDER) == "ResourceAlreadyExistsException"
    assert refusal(rival.describe_partner_event_source, Name=NAME) == "ResourceNotFoundException"
    rival.delete_partner_event_source(Name=NAME, Account=ALDER)
    assert world.state() == "PENDING"


def test_sources_that_do_not_exist_are_not_found(world: World) -> None:
    for act in (
        world.partner.describe_partner_event_source,
        world.alder.describe_event_source,
        world.alder.activate_event_source,
        world.alder.deactivate_event_source,
    ):
        assert refusal(act, Name=NAME) == "ResourceNotFoundException"
    listing = world.partner.list_partner_event_source_accounts
    assert refusal(listing, EventSourceName=NAME) == "ResourceNotFoundException"
    assert refusal(world.accept) == "ResourceNotFoundException"


def test_activating_a_fresh_source_is_not_found_because_it_has_no_bus(world: World) -> None:
    world.offer()
    with pytest.raises(ClientError) as refused:
        world.alder.activate_event_source(Name=NAME)
    assert code(refused.value) == "ResourceNotFoundException"
    assert message(refused.value) == f"Event source {NAME} or its event bus does not exist."


def test_activating_and_deactivating_twice_is_an_invalid_state(world: World) -> None:
    world.offer()
    world.accept()
    assert refusal(world.alder.activate_event_source, Name=NAME) == "InvalidStateException"
    world.alder.deactivate_event_source(Name=NAME)
    assert refusal(world.alder.deactivate_event_source, Name=NAME) == "InvalidStateException"


def test_a_deleted_source_cannot_be_attached_activated_or_deactivated(world: World) -> None:
    world.offer()
    world.accept()
    world.withdraw()
    assert refusal(world.accept) == "InvalidStateException"
    assert refusal(world.alder.activate_event_source, Name=NAME) == "InvalidStateException"
    assert refusal(world.alder.deactivate_event_source, Name=NAME) == "InvalidStateException"


def test_the_limit_of_sources_counts_what_is_live_in_the_region(world: World, sandbox: Sandbox) -> None:
    world.settings(max_sources_per_publisher=2)
    world.offer(f"{NAME}1")
    world.offer(f"{NAME}2")
    assert refusal(world.offer, name=f"{NAME}3") == "LimitExceededException"
    assert refusal(world.offer, name=f"{NAME}2") == "ResourceAlreadyExistsException"
    world.withdraw(f"{NAME}1")
    assert refusal(world.offer, name=f"{NAME}3") == "accepted"
    elsewhere = sandbox.client("events", PARTNER, "us-east-1")
    assert refusal(elsewhere.create_partner_event_source, Name=NAME, Account=ALDER) == "accepted"


def test_an_account_has_a_hundred_buses_and_partner_buses_count(world: World) -> None:
    for number in range(100):
        world.alder.create_event_bus(Name=f"custom-{number}")
    world.offer()
    assert refusal(world.accept) == "LimitExceededException"
    assert world.state() == "PENDING"
    world.alder.delete_event_bus(Name="custom-7")
    assert refusal(world.accept) == "accepted"
    assert refusal(world.birch.create_event_bus, Name="custom") == "accepted"


def test_regions_that_are_not_enabled_disable_every_operation(world: World, sandbox: Sandbox) -> None:
    world.settings(enabled_regions=["us-east-1"])
    assert refusal(world.offer) == "OperationDisabledException"
    assert refusal(world.put, "{}") == "OperationDisabledException"
    assert refusal(world.alder.list_event_sources) == "OperationDisabledException"
    enabled = sandbox.client("events", PARTNER, "us-east-1")
    assert refusal(enabled.create_partner_event_source, Name=NAME, Account=ALDER) == "accepted"


def test_a_region_that_aws_does_not_have_is_disabled(sandbox: Sandbox) -> None:
    nowhere = sandbox.client("events", PARTNER, "eu-nowhere-9")
    assert refusal(nowhere.list_event_sources) == "OperationDisabledException"


def test_accounts_that_are_not_registered_may_not_act_as_a_partner(world: World) -> None:
    denied = "AccessDeniedException"
    assert refusal(world.birch.create_partner_event_source, Name=NAME, Account=ALDER) == denied
    assert refusal(world.birch.delete_partner_event_source, Name=NAME, Account=ALDER) == denied
    assert refusal(world.birch.describe_partner_event_source, Name=NAME) == denied
    assert refusal(world.birch.list_partner_event_sources, NamePrefix="aws.partner/example.com/") == denied
    assert refusal(world.birch.list_partner_event_source_accounts, EventSourceName=NAME) == denied
    entry = {"Source": NAME, "DetailType": "t", "Detail": "{}"}
    assert refusal(world.birch.put_partner_events, Entries=[entry]) == denied


def test_a_publisher_may_only_use_its_registered_namespaces(sandbox: Sandbox) -> None:
    sandbox.private("POST", "publishers", {"account": BIRCH, "namespaces": ["aws.partner/birch.example"]})
    birch = sandbox.client("events", BIRCH)
    create = birch.create_partner_event_source
    assert refusal(create, Name="aws.partner/birch.example/a", Account=ALDER) == "accepted"
    assert refusal(create, Name="aws.partner/birch.example.test/a", Account=ALDER) == "AccessDeniedException"
    with pytest.raises(ClientError) as refused:
        create(Name=NAME, Account=ALDER)
    assert "is not registered for aws.partner/example.com.test" in message(refused.value)


@pytest.mark.parametrize("name", ["aws.partner/example.com/a", "aws.partner/example.com.test/a/b"])
def test_the_default_publisher_may_use_any_namespace(world: World, name: str) -> None:
    assert world.offer(name) == f"arn:aws:events:{REGION}::event-source/{name}"


@pytest.mark.parametrize(
    "failure",
    ["ConcurrentModificationException", "InternalException", "LimitExceededException", "OperationDisabledException"],
)
def test_errors_without_a_natural_cause_can_be_injected_per_operation(world: World, failure: str) -> None:
    world.faults(operation_errors={"CreatePartnerEventSource": failure})
    assert refusal(world.offer) == failure
    assert world.state() == "none"
    assert refusal(world.withdraw) == "accepted"


def test_operations_that_are_not_served_say_which_ones_are(world: World) -> None:
    with pytest.raises(ClientError) as refused:
        world.alder.list_archives()
    assert code(refused.value) == "UnknownOperationException"
    assert "PutPartnerEvents" in message(refused.value)
