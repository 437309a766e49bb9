"""The newer way to accept: an event source of a newer bus that points at a partner event source by its ARN.

AWS then makes and owns a classic partner bus with a managed rule, and the partner's source turns ACTIVE as by
CreateEventBus; deleting the event source takes that bus away again. How AWS refuses is taken from the errors in the
service's model; which of them in which case is inferred.
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from integrations.patterns import InvalidEventPattern, MatchTooCostly, compile_pattern
from integrations.sandbox.arns import source_arn
from integrations.sandbox.buses import Bus
from integrations.sandbox.errors import AwsError, limit_exceeded, not_found, validation_error
from integrations.sandbox.newer_buses import find_newer_bus, newer_arn, unique_ending
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page
from integrations.sandbox.partner_sources import Trigger
from integrations.sandbox.sources import move, no_offer, offer_to

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

PARTNER = "PartnerEventsConfiguration"
MANAGED_RULE = "managed by EventBridge"


class Attachment(Struct, frozen=True):
    """`source` is the partner source's name, which the managed classic bus bears too."""

    account: str
    region: str
    name: str
    unique: str
    bus_arn: str
    source: str
    configuration: dict[str, Any]
    created_at: datetime
    client_token: str | None = None
    description: str | None = None

    @property
    def arn(self) -> str:
        return newer_arn(self.region, self.account, f"event-sourcev2/aws.partner/{self.name}/{self.unique}")

    def takes(self, event: dict[str, Any]) -> bool:
        """Whether the managed rule lets the event through to the newer bus."""
        pattern = self.configuration[PARTNER].get("Pattern")
        try:
            return not pattern or bool(compile_pattern(pattern).matches(event))
        except MatchTooCostly:
            return False


def attachment_of(simulator: "Simulator", account: str, region: str, source: str) -> Attachment | None:
    """The event source by which the account accepted the partner source, if it did so in the newer way."""
    found = simulator.attachments.group(account, region).values()
    return next((attachment for attachment in found if attachment.source == source), None)


def create_event_source(simulator: "Simulator", call: Call) -> Result:
    """The same ClientToken again answers with the event source that it made."""
    given, account, region = call.parameters, call.caller.account, call.region
    bus = find_newer_bus(simulator, call)
    existing = simulator.attachments.get(account, region, given["Name"])
    if existing is not None and existing.client_token and existing.client_token == given.get("ClientToken"):
        return _made(existing)
    if existing is not None:
        raise AwsError("ResourceAlreadyExistsException", f"Event source {given['Name']} already exists.")
    source = _partner_source(call)
    if len(simulator.buses.group(account, region)) >= simulator.settings.max_buses_per_account:
        raise limit_exceeded()
    offer = offer_to(simulator, region, source, account, call.now)
    move(simulator, offer or no_offer(region, source, account, "", call.now), Trigger.ATTACH, call.now)
    simulator.buses.put(Bus(account, region, source, None, call.now, is_partner=True))
    attachment = Attachment(
        account=account,
        region=region,
        name=given["Name"],
        unique=unique_ending(),
        bus_arn=bus.arn,
        source=source,
        configuration=given["Configuration"],
        created_at=call.now,
        client_token=given.get("ClientToken"),
        description=given.get("Description"),
    )
    simulator.attachments.put(attachment)
    return _made(attachment)


def _partner_source(call: Call) -> str:
    """The name behind PartnerEventSourceArn. Raises AwsError."""
    configuration = call.parameters["Configuration"]
    if set(configuration) != {PARTNER}:
        raise validation_error(f"The sandbox's event sources have a {PARTNER} and nothing else.")
    arn: str = configuration[PARTNER]["PartnerEventSourceArn"]
    name = re.sub(r"^.*:event-source/", "", arn)
    if arn != source_arn(call.region, name):
        raise not_found(f"{arn} is not a partner event source of {call.region}.")
    pattern = configuration[PARTNER].get("Pattern")
    try:
        if pattern:
            compile_pattern(pattern)
    except InvalidEventPattern as invalid:
        raise validation_error(invalid.message) from None
    return name


def describe_event_source(simulator: "Simulator", call: Call) -> Result:
    attachment = _find(simulator, call)
    described = {"Description": attachment.description} if attachment.description else {}
    changes = {"LastModifiedTime": attachment.created_at, "Revoked": False}
    return {**_made(attachment), **described, **changes, "Configuration": attachment.configuration}


def list_event_sources(simulator: "Simulator", call: Call) -> Result:
    bus_arn, prefix = call.parameters.get("EventBusArn"), call.parameters.get("NamePrefix", "")
    found = (
        (attachment.name, _summary(attachment))
        for attachment in simulator.attachments.group(call.caller.account, call.region).values()
        if attachment.name.startswith(prefix) and bus_arn in (None, attachment.bus_arn)
    )
    return page(call, "EventSources", found, limit="MaxResults")


def delete_event_source(simulator: "Simulator", call: Call) -> Result:
    """Takes the managed bus away, which puts a source that is still offered back to PENDING."""
    attachment = _find(simulator, call)
    simulator.attachments.remove(attachment)
    bus = simulator.buses.get(attachment.account, attachment.region, attachment.source)
    if bus is not None:
        simulator.buses.remove(bus)
    offer = offer_to(simulator, attachment.region, attachment.source, attachment.account, call.now)
    if offer:
        move(simulator, offer, Trigger.DETACH, call.now)
    return NOTHING


def _find(simulator: "Simulator", call: Call) -> Attachment:
    arn: str = call.parameters["EventSourceArn"]
    named = re.search(r":event-sourcev2/aws\.partner/([^/]+)/", arn)
    found = simulator.attachments.get(call.caller.account, call.region, named.group(1) if named else "")
    if found is None or found.arn != arn:
        raise not_found(f"Event source {arn} does not exist.")
    return found


def _made(attachment: Attachment) -> dict[str, Any]:
    return {
        "EventSourceArn": attachment.arn,
        "Name": attachment.name,
        "EventBusArn": attachment.bus_arn,
        "State": "ACTIVE",
        "CreationTime": attachment.created_at,
    }


def _summary(attachment: Attachment) -> dict[str, Any]:
    more = {"Type": "PARTNER_EVENTS", "Revoked": False, "EventSourceAccountId": attachment.account}
    return {**_made(attachment), **more, "LastModifiedTime": attachment.created_at}


OPERATIONS: dict[str, Operation] = {
    "CreateEventSource": create_event_source,
    "DescribeEventSource": describe_event_source,
    "ListEventSources": list_event_sources,
    "DeleteEventSource": delete_event_source,
}
