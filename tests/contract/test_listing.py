"""Finding sources again: prefixes, pages and exact names."""

import pytest

from integrations.aws import errors, partner_sources
from tests.contract.world import World, code_of


def create(world: World, name: str) -> str:
    world.names.append(name)
    partner_sources.create(world.publisher, world.region, name, world.customer.account)
    return name


def listed(world: World, prefix: str) -> list[str]:
    return sorted(source.name for source in partner_sources.list_sources(world.publisher, world.region, prefix))


def test_a_prefix_also_finds_the_longer_sibling(world: World) -> None:
    stem = world.name("ab")
    short, longer = create(world, stem), create(world, f"{stem}c")
    assert listed(world, short) == [short, longer]


def test_describing_finds_only_the_exact_name(world: World) -> None:
    stem = world.name("ab")
    create(world, f"{stem}c")
    with pytest.raises(errors.SourceNotFound):
        partner_sources.describe(world.publisher, world.region, stem)
    with pytest.raises(errors.SourceNotFound):
        partner_sources.accounts_of(world.publisher, world.region, stem)


def test_listing_needs_a_prefix_with_the_domains_slash(world: World) -> None:
    assert (
        code_of(lambda: world.partner.list_partner_event_sources(NamePrefix=world.namespace)) == "ValidationException"
    )


def test_pages_follow_the_token_until_there_is_none(world: World) -> None:
    stem = world.name("page")
    names = sorted(create(world, f"{stem}{number}") for number in range(3))
    found, tokens = [], [None]
    while tokens[-1] is not None or len(tokens) == 1:
        token = {"NextToken": tokens[-1]} if tokens[-1] else {}
        page = world.partner.list_partner_event_sources(NamePrefix=stem, Limit=2, **token)
        found += [source["Name"] for source in page["PartnerEventSources"]]
        tokens.append(page.get("NextToken"))
    assert sorted(found) == names
    assert len(tokens) >= 3


def test_the_gateway_reads_beyond_the_first_hundred(world: World) -> None:
    if not world.endpoint:
        pytest.skip("a hundred sources are too many to make at AWS for one check")
    stem = world.name("many")
    names = sorted(create(world, f"{stem}{number}") for number in range(103))
    assert listed(world, stem) == names
    page = world.partner.list_partner_event_sources(NamePrefix=stem)
    assert 1 <= len(page["PartnerEventSources"]) <= 100
    too_many = {"NamePrefix": stem, "Limit": 101}
    assert code_of(lambda: world.partner.list_partner_event_sources(**too_many)) == "ValidationException"
    for operation in ("list_partner_event_sources", "list_partner_event_source_accounts"):
        assert not world.partner.can_paginate(operation)


def test_a_deleted_source_is_no_longer_listed(world: World) -> None:
    name = world.offered()
    assert listed(world, name) == [name]
    partner_sources.delete(world.publisher, world.region, name, world.customer.account)
    assert listed(world, name) == []


def test_the_customer_sees_only_what_is_offered_to_it(world: World) -> None:
    name, other = world.offered(), world.another_customer()
    mine = world.customer.events.list_event_sources(NamePrefix=name)["EventSources"]
    assert [source["Name"] for source in mine] == [name]
    assert other.events.list_event_sources(NamePrefix=name)["EventSources"] == []
