"""Every row of AWS's state table, played over HTTP, with what it does to published events."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.sandbox.partner_sources import Refused, Standing, Trigger, outcome
from tests.sandbox.started import ALDER, BIRCH, DAY, NAME, Sandbox, World, refusal

REFUSED = "ResourceNotFoundException"


def fate_of_an_event(world: World) -> str:
    """`delivered`, `dropped` (accepted by AWS, never seen) or the error code of the entry."""
    inbox = world.queue()
    inbox.bodies()
    (entry,) = world.put('{"n": 1}')["Entries"]
    if "ErrorCode" in entry:
        return entry["ErrorCode"]
    return "delivered" if [event["id"] for event in inbox.events()] == [entry["EventId"]] else "dropped"


def expect(world: World, *, customer: str, partner: str, event: str) -> None:
    assert (world.state(), world.seen_by_partner(), fate_of_an_event(world)) == (customer, partner, event)


def test_what_was_never_offered_refuses_events(world: World) -> None:
    expect(world, customer="none", partner="none", event=REFUSED)


def test_a_created_source_is_pending_and_drops_what_it_accepts(world: World) -> None:
    assert world.offer() == f"arn:aws:events:eu-west-1::event-source/{NAME}"
    expect(world, customer="PENDING", partner="PENDING", event="dropped")


def test_the_bus_of_the_same_name_makes_it_active(world: World) -> None:
    world.connected()
    expect(world, customer="ACTIVE", partner="ACTIVE", event="delivered")


def test_events_accepted_while_pending_never_arrive_later(world: World) -> None:
    world.offer()
    world.put('{"early": true}')
    world.accept()
    inbox = world.queue()
    world.subscribe(inbox)
    assert inbox.events() == []


def test_a_pending_source_expires_to_none(world: World) -> None:
    world.offer()
    world.advance(7 * DAY - 60)
    assert world.state() == "PENDING"
    assert world.advance(120) == {"expired": 1}
    expect(world, customer="none", partner="none", event=REFUSED)


def test_a_pending_source_that_the_partner_deletes_is_none(world: World) -> None:
    world.offer()
    world.withdraw()
    expect(world, customer="none", partner="none", event=REFUSED)


def test_an_active_source_that_the_partner_deletes_leaves_a_dead_bus(world: World) -> None:
    world.connected()
    world.withdraw()
    expect(world, customer="DELETED", partner="none", event=REFUSED)
    assert world.alder.describe_event_bus(Name=NAME)["Name"] == NAME
    assert [rule["Name"] for rule in world.alder.list_rules(EventBusName=NAME)["Rules"]] == ["everything"]


def test_the_partner_may_be_shown_deleted_instead_of_not_found(world: World) -> None:
    world.settings(partner_sees_deleted=True)
    world.connected()
    world.withdraw()
    assert world.seen_by_partner() == "DELETED"
    assert refusal(world.partner.describe_partner_event_source, Name=NAME) == "ResourceNotFoundException"


def test_a_deactivated_source_is_pending_with_its_own_expiry_clock(world: World) -> None:
    world.connected()
    world.alder.deactivate_event_source(Name=NAME)
    expect(world, customer="PENDING", partner="PENDING", event="dropped")
    described = world.alder.describe_event_source(Name=NAME)
    assert timedelta(days=14) - (described["ExpirationTime"] - described["CreationTime"]) < timedelta(minutes=1)


def test_deleting_the_bus_makes_an_active_source_pending_without_a_bus(world: World) -> None:
    world.offer()
    world.accept()
    world.alder.delete_event_bus(Name=NAME)
    expect(world, customer="PENDING", partner="PENDING", event="dropped")
    assert "ExpirationTime" in world.alder.describe_event_source(Name=NAME)
    world.accept()
    assert world.state() == "ACTIVE"


def test_a_recreated_source_stays_pending_until_the_customer_activates_it(world: World) -> None:
    world.connected()
    world.withdraw()
    world.offer()
    expect(world, customer="PENDING", partner="PENDING", event="dropped")
    world.alder.activate_event_source(Name=NAME)
    expect(world, customer="ACTIVE", partner="ACTIVE", event="delivered")


def test_a_recreated_source_may_be_attached_anew_after_its_old_bus_is_gone(world: World) -> None:
    world.offer()
    world.accept()
    world.withdraw()
    world.offer()
    assert refusal(world.accept) == "ResourceAlreadyExistsException"
    world.alder.delete_event_bus(Name=NAME)
    world.accept()
    assert world.state() == "ACTIVE"


def test_deleting_the_dead_bus_leaves_nothing(world: World) -> None:
    world.offer()
    world.accept()
    world.withdraw()
    world.alder.delete_event_bus(Name=NAME)
    expect(world, customer="none", partner="none", event=REFUSED)


def test_a_deactivated_source_expires_to_deleted_with_its_bus_left(world: World) -> None:
    world.connected()
    world.alder.deactivate_event_source(Name=NAME)
    world.advance(7 * DAY)
    assert world.state() == "PENDING"
    world.advance(7 * DAY + 60)
    expect(world, customer="DELETED", partner="none", event=REFUSED)
    world.offer()
    world.alder.activate_event_source(Name=NAME)
    expect(world, customer="ACTIVE", partner="ACTIVE", event="delivered")


def test_an_active_source_never_expires(world: World) -> None:
    world.connected()
    world.advance(365 * DAY)
    expect(world, customer="ACTIVE", partner="ACTIVE", event="delivered")


def test_an_expiration_time_is_given_only_while_pending(world: World) -> None:
    world.offer()
    described = world.alder.describe_event_source(Name=NAME)
    (seen,) = world.partner.list_partner_event_source_accounts(EventSourceName=NAME)["PartnerEventSourceAccounts"]
    assert described["ExpirationTime"] - described["CreationTime"] == timedelta(days=7)
    assert seen == {
        "Account": ALDER,
        "CreationTime": described["CreationTime"],
        "ExpirationTime": described["ExpirationTime"],
        "State": "PENDING",
    }
    world.accept()
    (seen,) = world.partner.list_partner_event_source_accounts(EventSourceName=NAME)["PartnerEventSourceAccounts"]
    assert "ExpirationTime" not in seen
    assert "ExpirationTime" not in world.alder.describe_event_source(Name=NAME)


def test_lifetimes_are_configuration(world: World) -> None:
    world.settings(pending_lifetime=60)
    world.offer()
    world.advance(61)
    assert world.state() == "none"


def test_deletes_may_be_repeated(world: World) -> None:
    world.withdraw()
    world.offer()
    world.withdraw()
    world.withdraw()
    world.alder.delete_event_bus(Name=NAME)
    assert world.state() == "none"


def test_a_delete_for_another_account_leaves_the_source_alone(world: World) -> None:
    world.offer()
    world.withdraw(account=BIRCH)
    assert world.state() == "PENDING"


def test_a_source_lives_in_its_region_only(world: World, sandbox: Sandbox) -> None:
    world.offer()
    elsewhere = sandbox.client("events", ALDER, "us-east-1")
    assert refusal(elsewhere.describe_event_source, Name=NAME) == "ResourceNotFoundException"
    partner_elsewhere = sandbox.client("events", "111111111111", "us-east-1")
    assert partner_elsewhere.create_partner_event_source(Name=NAME, Account=ALDER)["EventSourceArn"] == (
        f"arn:aws:events:us-east-1::event-source/{NAME}"
    )


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_arns_bear_the_partition_of_their_region(sandbox: Sandbox, region: str, partition: str) -> None:
    partner = sandbox.client("events", "111111111111", region)
    arn = partner.create_partner_event_source(Name=NAME, Account=ALDER)["EventSourceArn"]
    assert arn == f"arn:{partition}:events:{region}::event-source/{NAME}"


def test_only_the_customer_it_was_offered_to_sees_a_source(world: World) -> None:
    world.offer()
    assert refusal(world.birch.describe_event_source, Name=NAME) == "ResourceNotFoundException"
    assert world.birch.list_event_sources()["EventSources"] == []
    assert refusal(world.birch.create_event_bus, Name=NAME, EventSourceName=NAME) == "ResourceNotFoundException"
    (seen,) = world.alder.list_event_sources()["EventSources"]
    assert (seen["Name"], seen["CreatedBy"]) == (NAME, "aws.partner/example.com.test")


def test_several_accounts_may_share_a_name_where_configured(world: World) -> None:
    world.settings(max_accounts_per_source=2)
    world.offer()
    world.offer(account=BIRCH)
    world.accept()
    accounts = world.partner.list_partner_event_source_accounts(EventSourceName=NAME)["PartnerEventSourceAccounts"]
    assert [(entry["Account"], entry["State"]) for entry in accounts] == [(ALDER, "ACTIVE"), (BIRCH, "PENDING")]
    listed = world.partner.list_partner_event_sources(NamePrefix=NAME)["PartnerEventSources"]
    assert [source["Name"] for source in listed] == [NAME]


def pull(world: World, trigger: Trigger) -> str:
    """Do over HTTP what the trigger stands for; the error code or `accepted`."""
    acts = {
        Trigger.CREATE: world.offer,
        Trigger.DELETE: world.withdraw,
        Trigger.ATTACH: world.accept,
        Trigger.DETACH: lambda: world.alder.delete_event_bus(Name=NAME),
        Trigger.ACTIVATE: lambda: world.alder.activate_event_source(Name=NAME),
        Trigger.DEACTIVATE: lambda: world.alder.deactivate_event_source(Name=NAME),
        Trigger.EXPIRE: lambda: world.advance(15 * DAY),
    }
    return refusal(acts[trigger])


def expected(standing: Standing, trigger: Trigger) -> tuple[Standing, str]:
    try:
        return outcome(standing, trigger), "accepted"
    except Refused as refused:
        return standing, refused.refusal.value


SHOWN = {Standing.NONE: "none", Standing.ACTIVE: "ACTIVE", Standing.DELETED_BUS_LEFT: "DELETED"}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(Trigger), min_size=5, max_size=15))
def test_any_walk_over_http_follows_the_state_machine(world: World, triggers: list[Trigger]) -> None:
    world.sandbox.private("POST", "reset")
    standing = Standing.NONE
    for trigger in triggers:
        standing, answer = expected(standing, trigger)
        assert pull(world, trigger) == answer
        assert world.state() == SHOWN.get(standing, "PENDING")
        has_bus = standing not in (Standing.NONE, Standing.PENDING)
        assert (refusal(world.alder.describe_event_bus, Name=NAME) == "accepted") is has_bus
