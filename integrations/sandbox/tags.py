"""Tags of rules and buses; Terraform asks for them after every create."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from integrations.sandbox.buses import Bus
from integrations.sandbox.errors import not_found
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.rules import Rule

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator


def list_tags_for_resource(simulator: "Simulator", call: Call) -> Result:
    tags = _find(simulator, call).tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tag_resource(simulator: "Simulator", call: Call) -> Result:
    added = {tag["Key"]: tag["Value"] for tag in call.parameters["Tags"]}
    resource = _find(simulator, call)
    _store(simulator, resource, {**resource.tags, **added})
    return NOTHING


def untag_resource(simulator: "Simulator", call: Call) -> Result:
    resource = _find(simulator, call)
    unwanted = call.parameters["TagKeys"]
    _store(simulator, resource, {key: value for key, value in resource.tags.items() if key not in unwanted})
    return NOTHING


def _store(simulator: "Simulator", resource: Bus | Rule, tags: dict[str, str]) -> None:
    if isinstance(resource, Bus):
        simulator.buses.put(replace(resource, tags=tags))
    else:
        simulator.rules.put(replace(resource, tags=tags))


def _find(simulator: "Simulator", call: Call) -> Bus | Rule:
    arn: str = call.parameters["ResourceARN"]
    account, region = call.caller.account, call.region
    buses = simulator.buses.group(account, region)
    if ":event-bus/" in arn:
        bus = buses.get(arn.split(":event-bus/", 1)[1])
        if bus and bus.arn == arn:
            return bus
    elif ":rule/" in arn:
        *place, name = arn.split(":rule/", 1)[1].split("/")
        rule = simulator.rules.get(account, region, "/".join(place) or "default", name)
        if rule and rule.arn == arn:
            return rule
    raise not_found(f"{arn} does not exist.")


OPERATIONS: dict[str, Operation] = {
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
