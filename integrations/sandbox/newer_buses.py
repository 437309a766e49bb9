"""The buses of EventBridge's relaunch of 2026 (boto3's `eventbridgev2`), as far as accepting a source needs them.

They keep events and hand them to subscribers, which are not played here: what reaches one is seen in the inbox.
"""

import re
import secrets
import string
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from integrations.sandbox.arns import partition
from integrations.sandbox.errors import AwsError, limit_exceeded, not_found
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

UNIQUE = string.ascii_lowercase + string.digits
DEFAULT_RETENTION_DAYS = 1  # 24 hours, up to 365 days
KEPT = ("Description", "EncryptionConfiguration", "StorageConfiguration")


class NewerBus(Struct, frozen=True):
    """`unique` is the end of its ARN, by which AWS tells a bus from an earlier one of the same name."""

    account: str
    region: str
    name: str
    unique: str
    created_at: datetime
    client_token: str | None = None
    options: dict[str, Any] = {}

    @property
    def arn(self) -> str:
        return newer_arn(self.region, self.account, f"event-busv2/{self.name}/{self.unique}")


def newer_arn(region: str, account: str, resource: str) -> str:
    return f"arn:{partition(region)}:events:{region}:{account}:{resource}"


def unique_ending() -> str:
    return "".join(secrets.choice(UNIQUE) for _ in range(25))


def find_newer_bus(simulator: "Simulator", call: Call) -> NewerBus:
    """Return the caller's bus of the call's EventBusArn. Raises AwsError: ResourceNotFoundException."""
    arn: str = call.parameters["EventBusArn"]
    named = re.search(r":event-busv2/([^/]+)/", arn)
    bus = simulator.newer_buses.get(call.caller.account, call.region, named.group(1) if named else "")
    if bus is None or bus.arn != arn:
        raise not_found(f"Event bus {arn} does not exist.")
    return bus


def create_newer_bus(simulator: "Simulator", call: Call) -> Result:
    """The same ClientToken again answers with the bus that it made."""
    given, account, region = call.parameters, call.caller.account, call.region
    existing = simulator.newer_buses.get(account, region, given["Name"])
    if existing is not None and existing.client_token and existing.client_token == given.get("ClientToken"):
        return _described(existing)
    if existing is not None:
        raise AwsError("ResourceAlreadyExistsException", f"Event bus {given['Name']} already exists.")
    if len(simulator.newer_buses.group(account, region)) >= simulator.settings.max_newer_buses_per_account:
        raise limit_exceeded()
    options = {name: given[name] for name in KEPT if name in given}
    bus = NewerBus(account, region, given["Name"], unique_ending(), call.now, given.get("ClientToken"), options)
    simulator.newer_buses.put(bus)
    return _described(bus)


def describe_newer_bus(simulator: "Simulator", call: Call) -> Result:
    bus = find_newer_bus(simulator, call)
    return {**_described(bus), "LastModifiedTime": bus.created_at}


def list_newer_buses(simulator: "Simulator", call: Call) -> Result:
    prefix = call.parameters.get("NamePrefix", "")
    buses = simulator.newer_buses.group(call.caller.account, call.region).values()
    found = ((bus.name, _summary(bus)) for bus in buses if bus.name.startswith(prefix))
    return page(call, "EventBuses", found, limit="MaxResults")


def delete_newer_bus(simulator: "Simulator", call: Call) -> Result:
    """Refused while event sources feed it."""
    bus = find_newer_bus(simulator, call)
    attached = simulator.attachments.group(bus.account, bus.region).values()
    if any(attachment.bus_arn == bus.arn for attachment in attached):
        raise AwsError("ResourceInUseException", f"Event bus {bus.name} still has event sources: delete them first.")
    simulator.newer_buses.remove(bus)
    return NOTHING


def _described(bus: NewerBus) -> dict[str, Any]:
    storage = {"RetentionPeriodInDays": DEFAULT_RETENTION_DAYS, **bus.options.get("StorageConfiguration", {})}
    storage["RetentionWindowStartTime"] = bus.created_at
    return {**_identity(bus), **bus.options, "StorageConfiguration": storage}


def _summary(bus: NewerBus) -> dict[str, Any]:
    described = {"Description": bus.options["Description"]} if "Description" in bus.options else {}
    times = {"LastModifiedTime": bus.created_at, "EventBusAccountId": bus.account}
    return {**_identity(bus), **described, **times}


def _identity(bus: NewerBus) -> dict[str, Any]:
    return {"EventBusArn": bus.arn, "Name": bus.name, "State": "ACTIVE", "CreationTime": bus.created_at}


OPERATIONS: dict[str, Operation] = {
    "CreateEventBus": create_newer_bus,
    "DescribeEventBus": describe_newer_bus,
    "ListEventBuses": list_newer_buses,
    "DeleteEventBus": delete_newer_bus,
}
