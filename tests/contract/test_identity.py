"""Whose account a call speaks for."""

import pytest

from integrations.aws import errors, partner_sources
from integrations.aws.identity import caller_identity
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import Accepted
from tests.aws.calling import put_partner_events
from tests.contract.world import World

WIRE = '{{"Source":"{}","DetailType":"t","Detail":"{{}}"}}'


def with_role(world: World) -> Publisher:
    if not world.endpoint:
        pytest.skip("no role is set up for runs against AWS")
    return Publisher(world.publisher.account, f"arn:aws:iam::{world.publisher.account}:role/partnerbus", "external")


def test_sts_names_the_account_of_the_caller(world: World) -> None:
    assert caller_identity(world.publisher, world.region) == world.publisher.account
    # No partner, and nobody has given it a permission.
    assert world.customer.client("sts").get_caller_identity()["Account"] == world.customer.account


def test_an_assumed_role_speaks_for_its_own_account(world: World) -> None:
    role = with_role(world)
    assert caller_identity(role, world.region) == role.account
    name = world.name()
    partner_sources.create(role, world.region, name, world.customer.account)
    assert world.state(name) == "PENDING"
    outcomes = put_partner_events(role, world.region, [WIRE.format(name).encode()], timeout=10).outcomes
    assert isinstance(outcomes[0], Accepted)


def test_credentials_of_another_account_are_noticed_before_anything_is_made(world: World) -> None:
    wrong, name = Publisher("555555555555"), world.name()
    with pytest.raises(errors.WrongAccount):
        partner_sources.create(wrong, world.region, name, world.customer.account)
    assert (world.state(name), world.customer.state(name)) == (None, None)
