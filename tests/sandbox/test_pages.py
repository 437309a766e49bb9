from typing import Any

import pytest

from tests.sandbox.started import ALDER, NAME, Sandbox, World, refusal

PREFIX = "aws.partner/example.com.test/"
NAMES = [f"{PREFIX}src{number}" for number in (1, 10, 2, 3, 4)]


def pages(act: Any, key: str, **parameters: Any) -> list[list[Any]]:
    collected, token = [], {}
    while True:
        answer = act(**parameters, **token)
        collected.append(answer[key])
        if "NextToken" not in answer:
            return collected
        token = {"NextToken": answer["NextToken"]}


def test_a_name_prefix_also_finds_the_longer_sibling(world: World) -> None:
    for name in NAMES:
        world.offer(name)
    answer = world.partner.list_partner_event_sources(NamePrefix=f"{PREFIX}src1")
    assert [source["Name"] for source in answer["PartnerEventSources"]] == [f"{PREFIX}src1", f"{PREFIX}src10"]


def test_the_partners_sources_come_in_pages(world: World) -> None:
    for name in NAMES:
        world.offer(name)
    listed = pages(world.partner.list_partner_event_sources, "PartnerEventSources", NamePrefix=PREFIX, Limit=2)
    assert [[source["Name"] for source in page] for page in listed] == [NAMES[:2], NAMES[2:4], NAMES[4:]]
    assert listed[0][0]["Arn"] == f"arn:aws:events:eu-west-1::event-source/{NAMES[0]}"


def test_a_page_that_ends_with_the_list_has_no_next_token(world: World) -> None:
    for name in NAMES[:4]:
        world.offer(name)
    listed = pages(world.partner.list_partner_event_sources, "PartnerEventSources", NamePrefix=PREFIX, Limit=2)
    assert [len(page) for page in listed] == [2, 2]


def test_the_customers_sources_come_in_pages(world: World) -> None:
    for name in NAMES:
        world.offer(name)
    listed = pages(world.alder.list_event_sources, "EventSources", Limit=3)
    assert [[source["Name"] for source in page] for page in listed] == [NAMES[:3], NAMES[3:]]
    found = world.alder.list_event_sources(NamePrefix=f"{PREFIX}src2")["EventSources"]
    assert [source["Name"] for source in found] == [f"{PREFIX}src2"]


def test_the_accounts_of_a_source_come_in_pages(world: World) -> None:
    world.settings(max_accounts_per_source=5)
    accounts = [f"22222222222{number}" for number in range(5)]
    for account in accounts:
        world.offer(account=account)
    listed = pages(
        world.partner.list_partner_event_source_accounts, "PartnerEventSourceAccounts", EventSourceName=NAME, Limit=2
    )
    assert [[entry["Account"] for entry in page] for page in listed] == [accounts[:2], accounts[2:4], accounts[4:]]


def test_a_page_survives_that_its_last_item_is_deleted(world: World) -> None:
    for name in NAMES:
        world.offer(name)
    first = world.partner.list_partner_event_sources(NamePrefix=PREFIX, Limit=2)
    world.withdraw(NAMES[1])
    rest = world.partner.list_partner_event_sources(NamePrefix=PREFIX, NextToken=first["NextToken"])
    assert [source["Name"] for source in rest["PartnerEventSources"]] == NAMES[2:]


def test_buses_rules_targets_and_queues_come_in_pages(world: World, sandbox: Sandbox) -> None:
    inbox = world.connected()
    for number in range(4):
        world.alder.create_event_bus(Name=f"bus-{number}")
        world.alder.put_rule(Name=f"rule-{number}", EventBusName=NAME, EventPattern='{"source": ["x"]}')
        target = {"Id": f"target-{number}", "Arn": inbox.arn}
        world.alder.put_targets(Rule="everything", EventBusName=NAME, Targets=[target])
        world.queue(f"queue-{number}")
    assert [len(page) for page in pages(world.alder.list_event_buses, "EventBuses", Limit=4)] == [4, 2]
    assert [len(page) for page in pages(world.alder.list_rules, "Rules", EventBusName=NAME, Limit=3)] == [3, 2]
    targets = pages(world.alder.list_targets_by_rule, "Targets", Rule="everything", EventBusName=NAME, Limit=3)
    assert [len(page) for page in targets] == [3, 2]
    queues = pages(sandbox.client("sqs", ALDER).list_queues, "QueueUrls", MaxResults=3)
    assert [len(page) for page in queues] == [3, 2]


@pytest.mark.parametrize("token", ["nonsense", "w7w=", "TGlzdFJ1bGVzCnI="])
def test_a_token_that_is_not_this_lists_own_is_refused(world: World, token: str) -> None:
    assert refusal(world.alder.list_event_sources, NextToken=token) == "ValidationException"
