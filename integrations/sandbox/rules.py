"""Rules and their targets. Patterns are checked and matched by `integrations.patterns`."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from integrations.patterns import InvalidEventPattern, MatchTooCostly, compile_pattern
from integrations.sandbox.arns import rule_arn
from integrations.sandbox.buses import DEFAULT, Bus, find_bus
from integrations.sandbox.delivery import decoded_object
from integrations.sandbox.errors import AwsError, limit_exceeded, not_found, validation_error
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

# Queues need no role here and take every message at once, so there is nothing to retry.
SHOWN_ONLY = ("RetryPolicy", "RoleArn")


class Target(Struct, frozen=True):
    """A queue in the bus's account; `input` replaces the event, `options` are kept as given and only shown."""

    id: str
    arn: str
    input: str | None = None
    dead_letter_arn: str | None = None
    options: dict[str, Any] = {}


class Rule(Struct, frozen=True):
    account: str
    region: str
    bus: str
    name: str
    pattern: str
    state: str
    description: str | None = None
    role_arn: str | None = None
    targets: list[Target] = []
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return rule_arn(self.region, self.account, self.bus, self.name)

    def matches(self, event: dict[str, Any]) -> bool:
        return self.state != "DISABLED" and bool(_compiled(self.pattern).matches(event))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    try:
        return compile_pattern(pattern)
    except InvalidEventPattern as invalid:
        raise AwsError("InvalidEventPatternException", invalid.message) from None


def put_rule(simulator: "Simulator", call: Call) -> Result:
    """Create or replace a rule; a replaced rule keeps its targets."""
    given = call.parameters
    bus = find_bus(simulator, call, given.get("EventBusName"))
    if "ScheduleExpression" in given:
        raise validation_error("The sandbox has no clockwork for ScheduleExpression: give an EventPattern.")
    if "EventPattern" not in given:
        raise validation_error("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    _compiled(given["EventPattern"])
    existing = simulator.rules.get(bus.account, bus.region, bus.name, given["Name"])
    if existing is None:
        _refuse_more_rules(simulator, bus)
    rule = Rule(
        account=bus.account,
        region=bus.region,
        bus=bus.name,
        name=given["Name"],
        pattern=given["EventPattern"],
        state=given.get("State", "ENABLED"),
        description=given.get("Description"),
        role_arn=given.get("RoleArn"),
        targets=existing.targets if existing else [],
        tags=existing.tags if existing else {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])},
    )
    simulator.rules.put(rule)
    return {"RuleArn": rule.arn}


def _refuse_more_rules(simulator: "Simulator", bus: Bus) -> None:
    if len(simulator.rules.group(bus.account, bus.region, bus.name)) >= simulator.settings.max_rules_per_bus:
        raise limit_exceeded()


def delete_rule(simulator: "Simulator", call: Call) -> Result:
    """Idempotent; AWS refuses while targets are left."""
    bus = find_bus(simulator, call, call.parameters.get("EventBusName"))
    rule = simulator.rules.get(bus.account, bus.region, bus.name, call.parameters["Name"])
    if rule is None:
        return NOTHING
    if rule.targets:
        raise validation_error("Rule can't be deleted since it has targets.")
    simulator.rules.remove(rule)
    return NOTHING


def enable_rule(simulator: "Simulator", call: Call) -> Result:
    simulator.rules.put(replace(_find_rule(simulator, call, "Name"), state="ENABLED"))
    return NOTHING


def disable_rule(simulator: "Simulator", call: Call) -> Result:
    simulator.rules.put(replace(_find_rule(simulator, call, "Name"), state="DISABLED"))
    return NOTHING


def describe_rule(simulator: "Simulator", call: Call) -> Result:
    rule = _find_rule(simulator, call, "Name")
    return {**_described(rule), "CreatedBy": rule.account}


def list_rules(simulator: "Simulator", call: Call) -> Result:
    bus = find_bus(simulator, call, call.parameters.get("EventBusName"))
    rules = simulator.rules.group(bus.account, bus.region, bus.name)
    prefix = call.parameters.get("NamePrefix", "")
    return page(call, "Rules", ((name, _described(rule)) for name, rule in rules.items() if name.startswith(prefix)))


def list_rule_names_by_target(simulator: "Simulator", call: Call) -> Result:
    bus = find_bus(simulator, call, call.parameters.get("EventBusName"))
    wanted = call.parameters["TargetArn"]
    rules = simulator.rules.group(bus.account, bus.region, bus.name).values()
    names = (rule.name for rule in rules if any(target.arn == wanted for target in rule.targets))
    return page(call, "RuleNames", ((name, name) for name in names))


def put_targets(simulator: "Simulator", call: Call) -> Result:
    rule = _find_rule(simulator, call, "Rule")
    targets = {target.id: target for target in rule.targets}
    for given in call.parameters["Targets"]:
        targets[given["Id"]] = _target(rule, given)
    if len(targets) > simulator.settings.max_targets_per_rule:
        raise limit_exceeded()
    simulator.rules.put(replace(rule, targets=list(targets.values())))
    return {"FailedEntryCount": 0, "FailedEntries": []}


def _target(rule: Rule, given: dict[str, Any]) -> Target:
    unknown = set(given) - {"Id", "Arn", "Input", "DeadLetterConfig", *SHOWN_ONLY}
    if unknown:
        raise validation_error(f"The sandbox's targets have no {', '.join(sorted(unknown))}: leave it out.")
    _check_queue_arn(rule, given["Arn"])
    dead_letter_arn = given.get("DeadLetterConfig", {}).get("Arn")
    if dead_letter_arn:
        _check_queue_arn(rule, dead_letter_arn)
    options = {name: given[name] for name in SHOWN_ONLY if name in given}
    return Target(given["Id"], given["Arn"], given.get("Input"), dead_letter_arn, options)


def _check_queue_arn(rule: Rule, arn: str) -> None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[0] != "arn":
        raise validation_error("Provided Arn is not in correct format.")
    if parts[2:5] != ["sqs", rule.region, rule.account]:
        raise validation_error(f"The sandbox delivers to SQS queues of account {rule.account} in {rule.region} only.")


def remove_targets(simulator: "Simulator", call: Call) -> Result:
    rule = _find_rule(simulator, call, "Rule")
    unwanted = set(call.parameters["Ids"])
    simulator.rules.put(replace(rule, targets=[target for target in rule.targets if target.id not in unwanted]))
    return {"FailedEntryCount": 0, "FailedEntries": []}


def list_targets_by_rule(simulator: "Simulator", call: Call) -> Result:
    targets = _find_rule(simulator, call, "Rule").targets
    return page(call, "Targets", ((target.id, _described_target(target)) for target in targets))


def try_event_pattern(_: "Simulator", call: Call) -> Result:
    """Matched by our own matcher; AWS wants the envelope fields in the event."""
    event = decoded_object(call.parameters["Event"])
    if event is None:
        raise validation_error("Parameter Event is not valid. Reason: it is not a JSON object.")
    required = ("id", "account", "source", "time", "region", "resources", "detail-type")
    missing = [field for field in required if field not in event]
    if missing:
        raise validation_error(f"Parameter Event is not valid. Reason: {missing[0]} is a required field.")
    try:
        return {"Result": bool(_compiled(call.parameters["EventPattern"]).matches(event))}
    except MatchTooCostly as costly:
        raise validation_error(str(costly)) from None


def _find_rule(simulator: "Simulator", call: Call, parameter: str) -> Rule:
    bus = find_bus(simulator, call, call.parameters.get("EventBusName"))
    name = call.parameters[parameter]
    rule = simulator.rules.get(bus.account, bus.region, bus.name, name)
    if rule is None:
        place = "" if bus.name == DEFAULT else f" on EventBus {bus.name}"
        raise not_found(f"Rule {name} does not exist{place}.")
    return rule


def _described(rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.pattern,
        "State": rule.state,
        "EventBusName": rule.bus,
    }
    if rule.description:
        described["Description"] = rule.description
    if rule.role_arn:
        described["RoleArn"] = rule.role_arn
    return described


def _described_target(target: Target) -> dict[str, Any]:
    described: dict[str, Any] = {"Id": target.id, "Arn": target.arn, **target.options}
    if target.input is not None:
        described["Input"] = target.input
    if target.dead_letter_arn:
        described["DeadLetterConfig"] = {"Arn": target.dead_letter_arn}
    return described


OPERATIONS: dict[str, Operation] = {
    "PutRule": put_rule,
    "DeleteRule": delete_rule,
    "EnableRule": enable_rule,
    "DisableRule": disable_rule,
    "DescribeRule": describe_rule,
    "ListRules": list_rules,
    "ListRuleNamesByTarget": list_rule_names_by_target,
    "PutTargets": put_targets,
    "RemoveTargets": remove_targets,
    "ListTargetsByRule": list_targets_by_rule,
    "TestEventPattern": try_event_pattern,
}
