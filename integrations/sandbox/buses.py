"""Event buses: every account's default bus, custom buses, and the partner buses that activate a source."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from integrations.sandbox.arns import bus_arn, bus_name
from integrations.sandbox.errors import AwsError, limit_exceeded, not_found, validation_error
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page
from integrations.sandbox.partner_sources import Trigger
from integrations.sandbox.sources import move, no_offer, offer_to

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

DEFAULT = "default"


class Bus(Struct, frozen=True):
    account: str
    region: str
    name: str
    description: str | None
    created_at: datetime
    is_partner: bool
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return bus_arn(self.region, self.account, self.name)


def find_bus(simulator: "Simulator", call: Call, name_or_arn: str | None) -> Bus:
    """Return the caller's bus; the default bus needs no making. Raises AwsError: ResourceNotFoundException."""
    name = bus_name(name_or_arn or DEFAULT)
    account, region = call.caller.account, call.region
    bus = simulator.buses.get(account, region, name)
    is_foreign = (name_or_arn or "").startswith("arn:") and name_or_arn != bus_arn(region, account, name)
    if bus and not is_foreign:
        return bus
    if name == DEFAULT and not is_foreign:
        return Bus(account, region, DEFAULT, None, call.now, is_partner=False)
    raise not_found(f"Event bus {name} does not exist.")


def create_event_bus(simulator: "Simulator", call: Call) -> Result:
    """For a partner bus, both names are the source's name, and the source becomes active."""
    name, source = call.parameters["Name"], call.parameters.get("EventSourceName")
    _check_names(name, source)
    account, region = call.caller.account, call.region
    if not source and (name == DEFAULT or simulator.buses.get(account, region, name)):
        raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
    if len(simulator.buses.group(account, region)) >= simulator.settings.max_buses_per_account:
        raise limit_exceeded()
    if source:
        offer = offer_to(simulator, region, source, account, call.now)
        move(simulator, offer or no_offer(region, source, account, "", call.now), Trigger.ATTACH, call.now)
    tags = {tag["Key"]: tag["Value"] for tag in call.parameters.get("Tags", [])}
    bus = Bus(account, region, name, call.parameters.get("Description"), call.now, is_partner=bool(source), tags=tags)
    simulator.buses.put(bus)
    return {"EventBusArn": bus.arn, **({"Description": bus.description} if bus.description else {})}


def _check_names(name: str, source: str | None) -> None:
    if source is not None and source != name:
        raise validation_error(f"EventSourceName {source} must equal the name of the event bus, which is {name}.")
    if source is None and name.startswith("aws."):
        raise validation_error("EventBus name starting with 'aws.' is not valid.")
    if source is None and "/" in name:
        raise validation_error("EventBus name containing '/' is not valid.")


def delete_event_bus(simulator: "Simulator", call: Call) -> Result:
    """Idempotent; AWS refuses while rules are left on the bus, and always for the default bus."""
    name, account, region = call.parameters["Name"], call.caller.account, call.region
    if name == DEFAULT:
        raise validation_error("Cannot delete event bus default.")
    bus = simulator.buses.get(account, region, name)
    if bus is None:
        return NOTHING
    if simulator.rules.group(account, region, name):
        raise validation_error(f"Cannot delete event bus {name} since it has rules.")
    attached = simulator.attachments.group(account, region).values()
    if any(attachment.source == name for attachment in attached):
        raise validation_error(f"Cannot delete event bus {name} since it has a rule that EventBridge manages.")
    simulator.buses.remove(bus)
    offer = offer_to(simulator, region, name, account, call.now)
    if offer:
        move(simulator, offer, Trigger.DETACH, call.now)
    return NOTHING


def describe_event_bus(simulator: "Simulator", call: Call) -> Result:
    return _described(find_bus(simulator, call, call.parameters.get("Name")))


def list_event_buses(simulator: "Simulator", call: Call) -> Result:
    made = simulator.buses.group(call.caller.account, call.region).values()
    prefix = call.parameters.get("NamePrefix", "")
    buses = [find_bus(simulator, call, DEFAULT), *made]
    return page(call, "EventBuses", ((bus.name, _described(bus)) for bus in buses if bus.name.startswith(prefix)))


def _described(bus: Bus) -> Result:
    described: dict[str, Any] = {"Name": bus.name, "Arn": bus.arn}
    if bus.description:
        described["Description"] = bus.description
    if bus.name != DEFAULT:
        described |= {"CreationTime": bus.created_at, "LastModifiedTime": bus.created_at}
    return described


OPERATIONS: dict[str, Operation] = {
    "CreateEventBus": create_event_bus,
    "DeleteEventBus": delete_event_bus,
    "DescribeEventBus": describe_event_bus,
    "ListEventBuses": list_event_buses,
}
