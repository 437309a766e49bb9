import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.started import ALDER, BIRCH, NAME, REGION, Sandbox, World, code, message, refusal


def test_a_rule_on_a_partner_bus_has_the_bus_in_its_arn(world: World) -> None:
    world.connected()
    arn = f"arn:aws:events:{REGION}:{ALDER}:rule/{NAME}/everything"
    described = world.alder.describe_rule(Name="everything", EventBusName=NAME)
    assert (described["Arn"], described["EventBusName"], described["State"]) == (arn, NAME, "ENABLED")
    answer = world.alder.put_rule(Name="plain", EventPattern='{"source": ["x"]}')
    assert answer["RuleArn"] == f"arn:aws:events:{REGION}:{ALDER}:rule/plain"


def test_a_bus_may_be_named_by_its_arn(world: World) -> None:
    world.connected()
    arn = f"arn:aws:events:{REGION}:{ALDER}:event-bus/{NAME}"
    assert [rule["Name"] for rule in world.alder.list_rules(EventBusName=arn)["Rules"]] == ["everything"]
    foreign = arn.replace(ALDER, BIRCH)
    assert refusal(world.alder.list_rules, EventBusName=foreign) == "ResourceNotFoundException"
    default = f"arn:aws:events:{REGION}:{BIRCH}:event-bus/default"
    assert refusal(world.alder.list_rules, EventBusName=default) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("pattern", "arrives"),
    [
        ({"detail-type": ["Order Placed"]}, True),
        ({"detail-type": ["Order"]}, False),
        ({"source": [{"prefix": "aws.partner/example.com"}]}, True),
        ({"account": [BIRCH]}, False),
        ({"detail": {"total": [{"numeric": [">", 100]}]}}, True),
        ({"detail": {"total": [{"numeric": ["<=", 100]}]}}, False),
        ({"detail": {"lines": {"sku": ["b"], "n": [2]}}}, True),
        ({"detail": {"lines": {"sku": ["a"], "n": [2]}}}, False),
        ({"resources": [{"exists": False}], "region": [REGION]}, True),
    ],
)
def test_only_matching_events_reach_the_target(world: World, pattern: Any, arrives: bool) -> None:
    world.offer()
    world.accept()
    inbox = world.queue()
    world.subscribe(inbox, pattern=pattern)
    world.put('{"total": 100.01, "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]}')
    assert bool(inbox.events()) is arrives


def test_every_matching_rule_and_every_target_gets_its_copy(world: World) -> None:
    first = world.connected()
    second = world.queue("second")
    world.subscribe(second, rule="another")
    world.alder.put_targets(Rule="another", EventBusName=NAME, Targets=[{"Id": "copy", "Arn": first.arn}])
    world.put("{}")
    assert (len(first.events()), len(second.events())) == (2, 1)


def test_a_disabled_rule_does_not_fire_until_it_is_enabled(world: World) -> None:
    inbox = world.connected()
    world.alder.disable_rule(Name="everything", EventBusName=NAME)
    assert world.alder.describe_rule(Name="everything", EventBusName=NAME)["State"] == "DISABLED"
    world.put('{"n": 1}')
    world.alder.enable_rule(Name="everything", EventBusName=NAME)
    world.put('{"n": 2}')
    assert [event["detail"]["n"] for event in inbox.events()] == [2]


def test_a_replaced_rule_keeps_its_targets_and_follows_the_new_pattern(world: World) -> None:
    inbox = world.connected()
    world.alder.put_rule(Name="everything", EventBusName=NAME, EventPattern='{"detail": {"wanted": [true]}}')
    world.put('{"wanted": true}', '{"wanted": false}')
    assert [event["detail"]["wanted"] for event in inbox.events()] == [True]


def test_a_constant_input_replaces_the_event(world: World) -> None:
    inbox = world.connected()
    target = {"Id": "inbox", "Arn": inbox.arn, "Input": '{"constant": 1}'}
    world.alder.put_targets(Rule="everything", EventBusName=NAME, Targets=[target])
    world.put("{}")
    assert inbox.bodies() == ['{"constant": 1}']
    assert world.alder.list_targets_by_rule(Rule="everything", EventBusName=NAME)["Targets"] == [target]


def test_rules_on_the_default_bus_never_see_partner_events(world: World) -> None:
    world.offer()
    world.accept()
    inbox = world.queue()
    world.subscribe(inbox, bus="default")
    world.put("{}")
    assert inbox.events() == []


def test_a_target_whose_queue_is_gone_loses_the_event_and_is_counted(world: World) -> None:
    inbox = world.connected()
    inbox.sqs.delete_queue(QueueUrl=inbox.url)
    assert world.put("{}")["FailedEntryCount"] == 0
    assert world.sandbox.private("GET", "state")["counters"]["failed_invocations"] == 1


def test_what_cannot_be_delivered_goes_to_the_targets_dead_letter_queue(world: World) -> None:
    inbox, dead_letters = world.connected(), world.queue("dead-letters")
    target = {"Id": "inbox", "Arn": inbox.arn, "DeadLetterConfig": {"Arn": dead_letters.arn}}
    target["RetryPolicy"] = {"MaximumRetryAttempts": 3}
    world.alder.put_targets(Rule="everything", EventBusName=NAME, Targets=[target])
    assert world.alder.list_targets_by_rule(Rule="everything", EventBusName=NAME)["Targets"] == [target]
    world.put('{"n": 1}')
    assert (len(inbox.events()), dead_letters.events()) == (1, [])
    inbox.sqs.delete_queue(QueueUrl=inbox.url)
    world.put('{"n": 2}')
    (letter,) = inbox.sqs.receive_message(QueueUrl=dead_letters.url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(letter["Body"])["detail"] == {"n": 2}
    assert letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] == inbox.arn
    rule = world.alder.describe_rule(Name="everything", EventBusName=NAME)["Arn"]
    assert letter["MessageAttributes"]["RULE_ARN"]["StringValue"] == rule


@pytest.mark.parametrize("pattern", ["{", "[]", "{}", '{"source": "text"}', '{"a": [{"nonsense": 1}]}', '{"a": []}'])
def test_an_invalid_pattern_is_refused_when_the_rule_is_put(world: World, pattern: str) -> None:
    with pytest.raises(ClientError) as refused:
        world.alder.put_rule(Name="r", EventPattern=pattern)
    assert code(refused.value) == "InvalidEventPatternException"
    assert message(refused.value).startswith("Event pattern is not valid. Reason: ")
    assert world.alder.list_rules()["Rules"] == []


def test_a_rule_needs_a_pattern_and_the_sandbox_has_no_clockwork(world: World) -> None:
    assert refusal(world.alder.put_rule, Name="r") == "ValidationException"
    assert refusal(world.alder.put_rule, Name="r", ScheduleExpression="rate(1 day)") == "ValidationException"


def test_a_rule_with_targets_and_a_bus_with_rules_cannot_be_deleted(world: World) -> None:
    world.connected()
    assert refusal(world.alder.delete_rule, Name="everything", EventBusName=NAME) == "ValidationException"
    assert refusal(world.alder.delete_event_bus, Name=NAME) == "ValidationException"
    world.alder.remove_targets(Rule="everything", EventBusName=NAME, Ids=["inbox", "unknown"])
    assert world.alder.list_targets_by_rule(Rule="everything", EventBusName=NAME)["Targets"] == []
    for _ in range(2):
        world.alder.delete_rule(Name="everything", EventBusName=NAME)
    for _ in range(2):
        world.alder.delete_event_bus(Name=NAME)


def test_rules_and_buses_that_do_not_exist_are_not_found(world: World) -> None:
    missing = "ResourceNotFoundException"
    target = {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ALDER}:inbox"}
    assert refusal(world.alder.describe_rule, Name="r") == missing
    assert refusal(world.alder.enable_rule, Name="r") == missing
    assert refusal(world.alder.disable_rule, Name="r") == missing
    assert refusal(world.alder.put_targets, Rule="r", Targets=[target]) == missing
    assert refusal(world.alder.remove_targets, Rule="r", Ids=["1"]) == missing
    assert refusal(world.alder.list_targets_by_rule, Rule="r") == missing
    assert refusal(world.alder.put_rule, Name="r", EventBusName=NAME, EventPattern='{"a": ["b"]}') == missing
    assert refusal(world.alder.list_rules, EventBusName=NAME) == missing
    assert refusal(world.alder.describe_event_bus, Name=NAME) == missing


@pytest.mark.parametrize(
    "arn",
    [
        "inbox",
        f"arn:aws:sqs:{REGION}:{BIRCH}:inbox",
        f"arn:aws:sqs:us-east-1:{ALDER}:inbox",
        f"arn:aws:sns:{REGION}:{ALDER}:topic",
    ],
)
def test_targets_are_queues_of_the_same_account_and_region(world: World, arn: str) -> None:
    world.connected()
    put = world.alder.put_targets
    assert (
        refusal(put, Rule="everything", EventBusName=NAME, Targets=[{"Id": "x", "Arn": arn}]) == "ValidationException"
    )


def test_targets_refuse_what_they_cannot_do(world: World) -> None:
    inbox = world.connected()
    target = {"Id": "x", "Arn": inbox.arn, "InputPath": "$.detail"}
    put = world.alder.put_targets
    assert refusal(put, Rule="everything", EventBusName=NAME, Targets=[target]) == "ValidationException"


def test_rules_and_targets_are_limited(world: World) -> None:
    inbox = world.connected()
    world.settings(max_rules_per_bus=1)
    put_rule, put_targets = world.alder.put_rule, world.alder.put_targets
    pattern = '{"source": ["x"]}'
    assert refusal(put_rule, Name="second", EventBusName=NAME, EventPattern=pattern) == "LimitExceededException"
    assert refusal(put_rule, Name="everything", EventBusName=NAME, EventPattern=pattern) == "accepted"
    targets = [{"Id": str(number), "Arn": inbox.arn} for number in range(5)]
    limited = refusal(put_targets, Rule="everything", EventBusName=NAME, Targets=targets)
    assert limited == "LimitExceededException"
    assert refusal(put_targets, Rule="everything", EventBusName=NAME, Targets=targets[:4]) == "accepted"


def test_rules_are_found_by_prefix_and_by_target(world: World) -> None:
    inbox = world.connected()
    world.alder.put_rule(Name="other", EventBusName=NAME, EventPattern='{"source": ["x"]}')
    rules = world.alder.list_rules(EventBusName=NAME, NamePrefix="every")["Rules"]
    assert [rule["Name"] for rule in rules] == ["everything"]
    names = world.alder.list_rule_names_by_target(TargetArn=inbox.arn, EventBusName=NAME)["RuleNames"]
    assert names == ["everything"]


def test_a_pattern_can_be_tried_out(world: World) -> None:
    event = {"id": "1", "account": ALDER, "source": NAME, "time": "t", "region": REGION, "resources": []}
    event |= {"detail-type": "t", "detail": {"a": [1, 2]}}

    def matches(pattern: Any) -> bool:
        answer = world.alder.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
        return answer["Result"]

    assert matches({"detail": {"a": [2]}})
    assert not matches({"detail": {"a": [3]}})
    broken = {"EventPattern": '{"a": 1}', "Event": json.dumps(event)}
    assert refusal(world.alder.test_event_pattern, **broken) == "InvalidEventPatternException"
    incomplete = {"EventPattern": '{"a": ["b"]}', "Event": "{}"}
    assert refusal(world.alder.test_event_pattern, **incomplete) == "ValidationException"


def test_rules_and_buses_have_tags(world: World, sandbox: Sandbox) -> None:
    world.connected()
    bus = world.alder.describe_event_bus(Name=NAME)["Arn"]
    rule = world.alder.describe_rule(Name="everything", EventBusName=NAME)["Arn"]
    for arn in (bus, rule):
        world.alder.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "a"}, {"Key": "x", "Value": "y"}])
        world.alder.untag_resource(ResourceARN=arn, TagKeys=["x"])
        assert world.alder.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert refusal(world.birch.list_tags_for_resource, ResourceARN=bus) == "ResourceNotFoundException"
