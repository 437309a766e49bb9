"""What AWS takes for a name, an account and a publisher."""

import pytest

from integrations.aws import errors, partner_sources
from integrations.aws.names import bus_arn, check_name, source_arn
from integrations.aws.publishers import Publisher
from tests.contract.world import World, code_of


def create_raw(world: World, name: str, account: str) -> str:
    return code_of(lambda: world.partner.create_partner_event_source(Name=name, Account=account))


def test_a_name_of_256_characters_is_taken(world: World) -> None:
    name = world.name()
    longest = name + "x" * (256 - len(name))
    world.names.append(longest)
    partner_sources.create(world.publisher, world.region, longest, world.customer.account)
    assert world.state(longest) == "PENDING"


@pytest.mark.parametrize("odd", ["a b", "a:b", "a@b", "ä", "a/", "a//b", "", "x" * 257])
def test_a_name_outside_the_grammar_or_too_long_is_refused(world: World, odd: str) -> None:
    name = f"{world.namespace}/{odd}"
    with pytest.raises(ValueError, match="name"):
        check_name(name)
    assert create_raw(world, name, world.customer.account) == "ValidationException"


def test_a_name_needs_two_parts_after_aws_partner_in_lower_case(world: World) -> None:
    domain = world.namespace.removeprefix("aws.partner/")
    for name in (world.namespace, f"AWS.partner/{domain}/x", f"aws.other/{domain}/x"):
        assert create_raw(world, name, world.customer.account) == "ValidationException"


@pytest.mark.parametrize("account", ["22222222222x", "2222222222222"])
def test_an_account_that_is_not_twelve_digits_is_refused(world: World, account: str) -> None:
    assert create_raw(world, world.name(), account) == "ValidationException"


def test_the_arn_is_the_same_for_both_sides_and_has_no_account(world: World) -> None:
    name = world.name()
    ours = partner_sources.create(world.publisher, world.region, name, world.customer.account)
    theirs = world.customer.events.describe_event_source(Name=name)["Arn"]
    described = partner_sources.describe(world.publisher, world.region, name).arn
    assert ours == theirs == described == source_arn(world.region, name)
    assert ":event-source/" in ours
    assert world.customer.account not in ours


def test_the_bus_arn_carries_the_customers_account(world: World) -> None:
    name = world.offered()
    assert world.customer.attach(name) == bus_arn(world.region, world.customer.account, name)


def test_an_account_that_aws_did_not_register_may_not_use_the_partner_operations(world: World) -> None:
    events, name = world.customer.events, world.name()
    for act in (
        lambda: events.create_partner_event_source(Name=name, Account=world.customer.account),
        lambda: events.list_partner_event_sources(NamePrefix=f"{world.namespace}/"),
    ):
        assert code_of(act) == "AccessDeniedException"


def test_a_publisher_may_not_use_a_namespace_that_is_not_registered_for_it(world: World) -> None:
    world.sandbox("publishers", {"account": "444444444444", "namespaces": ["aws.partner/other.example"]})
    stranger = Publisher("444444444444", "arn:aws:iam::444444444444:role/partnerbus")
    with pytest.raises(errors.AccessDenied) as denied:
        partner_sources.create(stranger, world.region, world.name(), world.customer.account)
    assert denied.value.retry_class == "credentials"


def test_a_source_lives_in_one_region_only(world: World) -> None:
    name = world.offered()
    elsewhere = "us-east-1" if world.region != "us-east-1" else "us-west-2"
    with pytest.raises(errors.SourceNotFound):
        partner_sources.describe(world.publisher, elsewhere, name)
