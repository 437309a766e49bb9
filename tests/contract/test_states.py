"""The life of a source, seen by the partner through our gateway and by the customer through plain boto3."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.aws import errors, partner_sources
from tests.contract.receiver import Receiver
from tests.contract.world import World, code_of, entry, eventually, remove_bus

DAY = 86_400


def both_see(world: World, name: str, partner: str | None, customer: str | None) -> bool:
    seen = eventually(lambda: (world.state(name), world.customer.state(name)), (partner, customer))
    return seen == (partner, customer)


def withdraw(world: World, name: str) -> None:
    partner_sources.delete(world.publisher, world.region, name, world.customer.account)


def test_a_created_source_is_pending_for_both_sides(world: World) -> None:
    assert both_see(world, world.offered(), "PENDING", "PENDING")


def test_a_bus_of_the_same_name_makes_it_active(world: World) -> None:
    assert both_see(world, world.accepted(), "ACTIVE", "ACTIVE")


def test_the_partner_reads_creation_and_expiry_of_a_pending_source(world: World) -> None:
    row = partner_sources.accounts_of(world.publisher, world.region, world.offered())[0]
    assert (row.account, row.state) == (world.customer.account, "PENDING")
    assert row.created_at is not None
    assert row.expires_at is not None
    assert abs(datetime.now(UTC) - row.created_at) < timedelta(minutes=5)
    assert timedelta(days=5) < row.expires_at - row.created_at < timedelta(days=15)


def test_both_sides_read_the_same_expiry(world: World) -> None:
    name = world.offered()
    ours = partner_sources.accounts_of(world.publisher, world.region, name)[0].expires_at
    theirs = world.customer.events.describe_event_source(Name=name)["ExpirationTime"]
    assert ours == theirs


def test_describing_as_partner_tells_no_state(world: World) -> None:
    reply = world.partner.describe_partner_event_source(Name=world.offered())
    assert set(reply) - {"ResponseMetadata"} == {"Arn", "Name"}


def test_a_pending_source_that_is_deleted_leaves_nothing(world: World) -> None:
    name = world.offered()
    withdraw(world, name)
    assert both_see(world, name, None, None)


def test_an_active_source_that_is_deleted_stays_deleted_at_the_customer_with_its_bus(world: World) -> None:
    name = world.accepted()
    withdraw(world, name)
    assert both_see(world, name, None, "DELETED")
    assert world.customer.events.describe_event_bus(Name=name)["Name"] == name


def test_deleting_twice_is_no_error(world: World) -> None:
    name = world.offered()
    world.partner.delete_partner_event_source(Name=name, Account=world.customer.account)
    world.partner.delete_partner_event_source(Name=name, Account=world.customer.account)
    withdraw(world, name)


def test_deactivating_leaves_it_pending_with_its_bus_and_starts_the_expiry(world: World) -> None:
    name = world.accepted()
    assert partner_sources.accounts_of(world.publisher, world.region, name)[0].expires_at is None
    world.customer.events.deactivate_event_source(Name=name)
    assert both_see(world, name, "PENDING", "PENDING")
    assert world.customer.events.describe_event_bus(Name=name)["Name"] == name
    assert partner_sources.accounts_of(world.publisher, world.region, name)[0].expires_at is not None


def test_deleting_the_bus_leaves_it_pending_without_a_bus(world: World) -> None:
    name = world.accepted()
    remove_bus(world.customer, name)
    assert both_see(world, name, "PENDING", "PENDING")
    assert code_of(lambda: world.customer.events.describe_event_bus(Name=name)) == "ResourceNotFoundException"


def test_a_recreated_source_is_pending_while_the_old_bus_is_left(world: World) -> None:
    name = world.accepted()
    withdraw(world, name)
    partner_sources.create(world.publisher, world.region, name, world.customer.account)
    assert both_see(world, name, "PENDING", "PENDING")
    assert world.customer.events.describe_event_bus(Name=name)["Name"] == name


def test_activating_after_recreation_brings_the_old_rules_back_to_life(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    withdraw(world, name)
    partner_sources.create(world.publisher, world.region, name, world.customer.account)
    world.put(entry(name, '{"n":"dropped"}'))
    world.customer.events.activate_event_source(Name=name)
    assert both_see(world, name, "ACTIVE", "ACTIVE")
    world.put(entry(name, '{"n":"delivered"}'))
    assert receiver.receive_all_details() == [{"n": "delivered"}]
    receiver.close()


def test_a_deactivated_source_can_be_activated_again(world: World) -> None:
    name = world.accepted()
    world.customer.events.deactivate_event_source(Name=name)
    world.customer.events.activate_event_source(Name=name)
    assert both_see(world, name, "ACTIVE", "ACTIVE")


def test_deleting_the_bus_of_a_deleted_source_leaves_nothing(world: World) -> None:
    name = world.accepted()
    withdraw(world, name)
    remove_bus(world.customer, name)
    assert both_see(world, name, None, None)


def test_activating_before_a_bus_exists_is_resource_not_found(world: World) -> None:
    name = world.offered()
    assert code_of(lambda: world.customer.events.activate_event_source(Name=name)) == "ResourceNotFoundException"


def test_a_bus_for_a_source_that_is_not_there_is_resource_not_found(world: World) -> None:
    assert code_of(lambda: world.customer.attach(world.name())) == "ResourceNotFoundException"


def test_a_second_bus_for_the_same_source_is_refused_as_existing(world: World) -> None:
    name = world.accepted()
    assert code_of(lambda: world.customer.attach(name)) == "ResourceAlreadyExistsException"


def test_a_partner_bus_needs_the_source_and_its_exact_name(world: World) -> None:
    name, events = world.offered(), world.customer.events
    assert code_of(lambda: events.create_event_bus(Name=name)) == "ValidationException"
    assert code_of(lambda: events.create_event_bus(Name="other", EventSourceName=name)) == "ValidationException"


def test_creating_what_exists_is_refused_even_for_the_same_account(world: World) -> None:
    name = world.offered()
    with pytest.raises(errors.ResourceAlreadyExists):
        partner_sources.create(world.publisher, world.region, name, world.customer.account)


def test_a_name_offered_to_one_account_cannot_be_offered_to_another(world: World) -> None:
    name, other = world.offered(), world.another_customer()
    with pytest.raises(errors.ResourceAlreadyExists):
        partner_sources.create(world.publisher, world.region, name, other.account)
    owners = [row.account for row in partner_sources.accounts_of(world.publisher, world.region, name)]
    assert owners == [world.customer.account]
    assert other.state(name) is None


def test_an_unaccepted_source_is_gone_after_its_expiry(world: World) -> None:
    name = world.offered()
    world.sandbox("clock", {"advance_seconds": 15 * DAY})
    assert both_see(world, name, None, None)


def test_an_active_source_does_not_expire(world: World) -> None:
    name = world.accepted()
    assert partner_sources.accounts_of(world.publisher, world.region, name)[0].expires_at is None
    assert "ExpirationTime" not in world.customer.events.describe_event_source(Name=name)
    world.sandbox("clock", {"advance_seconds": 400 * DAY})
    assert both_see(world, name, "ACTIVE", "ACTIVE")


def test_a_deactivated_source_expires_too(world: World) -> None:
    name = world.accepted()
    world.customer.events.deactivate_event_source(Name=name)
    world.sandbox("clock", {"advance_seconds": 30 * DAY})
    assert both_see(world, name, None, "DELETED")


def test_a_gone_source_is_not_found_or_deleted_but_never_an_empty_success(world: World) -> None:
    name = world.accepted()
    withdraw(world, name)
    try:
        states = [row.state for row in partner_sources.accounts_of(world.publisher, world.region, name)]
    except errors.SourceNotFound:
        states = ["DELETED"]
    assert states == ["DELETED"]
