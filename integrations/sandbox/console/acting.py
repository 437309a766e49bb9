"""What the buttons do. The tenant's moves are calls of AWS's own operations, so they are refused as AWS refuses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.accounts import Scope, identify
from integrations.sandbox.arns import queue_arn, source_arn
from integrations.sandbox.attachments import PARTNER, attachment_of
from integrations.sandbox.clock import Advance, advance
from integrations.sandbox.console.breaking import SWITCHES, switched
from integrations.sandbox.console.place import Place
from integrations.sandbox.endpoint import carry_out
from integrations.sandbox.errors import validation_error
from integrations.sandbox.faults import Faults
from integrations.sandbox.operations import Call
from integrations.sandbox.partner_sources import Trigger
from integrations.sandbox.services import input_shape
from integrations.sandbox.simulator import Simulator
from integrations.sandbox.sources import move, offer_to
from integrations.sandbox.validation import checked_parameters

QUEUE, NEWER_BUS = "receiver", "console"
Form = Mapping[str, str]


@dataclass(frozen=True)
class Admin:
    """The admin of one account at work."""

    simulator: Simulator
    place: Place
    endpoint: str

    def call(self, operation: str, service: str = "events", **parameters: Any) -> Mapping[str, Any]:
        """Raises AwsError."""
        now = datetime.now(UTC)
        call = Call(
            service=service,
            operation=operation,
            parameters=checked_parameters(input_shape(service, operation), parameters),
            caller=identify(Scope(self.place.account, self.place.region, service), None, now),
            region=self.place.region,
            endpoint=self.endpoint,
            now=now,
        )
        with self.simulator.requests.following(now) as progress:
            progress.account, progress.region = self.place.account, self.place.region
            progress.service, progress.operation = service, operation
            return carry_out(self.simulator, call, progress)


def accept(admin: Admin, form: Form) -> str:
    admin.call("CreateEventBus", Name=form["source"], EventSourceName=form["source"])
    return "The bus exists and the source is ACTIVE. Give it a rule, or what arrives is gone."


def accept_newer(admin: Admin, form: Form) -> str:
    place = admin.place
    bus = admin.simulator.newer_buses.get(place.account, place.region, NEWER_BUS)
    arn = bus.arn if bus else admin.call("CreateEventBus", "eventbridgev2", Name=NEWER_BUS)["EventBusArn"]
    name = re.sub(r"[^A-Za-z0-9]+", "-", form["source"].removeprefix("aws.partner/"))
    configuration = {PARTNER: {"PartnerEventSourceArn": source_arn(place.region, form["source"])}}
    admin.call("CreateEventSource", "eventbridgev2", Name=name, EventBusArn=arn, Configuration=configuration)
    return "The source is ACTIVE and feeds the eventbridgev2 bus console through a bus that EventBridge manages."


def activate(admin: Admin, form: Form) -> str:
    admin.call("ActivateEventSource", Name=form["source"])
    return "The source is ACTIVE again, and its old rules live."


def deactivate(admin: Admin, form: Form) -> str:
    admin.call("DeactivateEventSource", Name=form["source"])
    return "The source is PENDING and its bus is left. It expires unless it is activated."


def delete_bus(admin: Admin, form: Form) -> str:
    """Take the rules away first, as the console of AWS asks people to."""
    name, place = form["source"], admin.place
    attached = attachment_of(admin.simulator, place.account, place.region, name)
    if attached:
        admin.call("DeleteEventSource", "eventbridgev2", EventSourceArn=attached.arn)
        return "The event source is deleted, and the bus that EventBridge managed with it."
    for rule in list(admin.simulator.rules.group(place.account, place.region, name).values()):
        if rule.targets:
            ids = [target.id for target in rule.targets]
            admin.call("RemoveTargets", Rule=rule.name, EventBusName=name, Ids=ids)
        admin.call("DeleteRule", Name=rule.name, EventBusName=name)
    admin.call("DeleteEventBus", Name=name)
    return "The bus and its rules are deleted."


def save_rule(admin: Admin, form: Form) -> str:
    bus, name, place = form["bus"], form["rule"], admin.place
    admin.call("PutRule", Name=name, EventBusName=bus, EventPattern=form["pattern"])
    rule = admin.simulator.rules.get(place.account, place.region, bus, name)
    if rule and not rule.targets:
        admin.call("CreateQueue", "sqs", QueueName=QUEUE)
        target = {"Id": "queue", "Arn": queue_arn(place.region, place.account, QUEUE)}
        admin.call("PutTargets", Rule=name, EventBusName=bus, Targets=[target])
    return "The rule is saved. It matches what arrives from now on."


def delete_source(admin: Admin, form: Form) -> str:
    simulator, place, now = admin.simulator, admin.place, datetime.now(UTC)
    with simulator.changing():
        offer = offer_to(simulator, place.region, form["source"], place.account, now)
        if offer:
            move(simulator, offer, Trigger.DELETE, now)
    return "The source is deleted, and nobody told Partnerbus."


def move_clock(admin: Admin, form: Form) -> str:
    try:
        step = Advance(advance_seconds=min(max(float(form["seconds"]), 1.0), 315_360_000.0))
    except ValueError:
        raise validation_error("How far the clock moves is a number of seconds.") from None
    with admin.simulator.changing():
        expired = advance(admin.simulator, step, datetime.now(UTC))
    return f"Everything is older now; {expired} sources expired."


def switch_fault(admin: Admin, form: Form) -> str:
    if form["fault"] not in SWITCHES:
        raise validation_error("There is no such fault.")
    on = bool(form.get("on"))
    with admin.simulator.changing():
        faults = switched(admin.simulator.faults.faults, form["fault"], admin.place.region, on=on)
        admin.simulator.configure(faults=faults)
    return f"{SWITCHES[form['fault']].label}: {'on' if on else 'off'}."


def faults_off(admin: Admin, _: Form) -> str:
    with admin.simulator.changing():
        admin.simulator.configure(faults=Faults())
    return "All faults are off."


def reset(admin: Admin, _: Form) -> str:
    with admin.simulator.changing():
        admin.simulator.reset()
    return "The simulator is empty."


ACTIONS: dict[str, Callable[[Admin, Form], str]] = {
    "accept": accept,
    "accept-newer": accept_newer,
    "activate": activate,
    "deactivate": deactivate,
    "delete-bus": delete_bus,
    "rule": save_rule,
    "delete-source": delete_source,
    "clock": move_clock,
    "fault": switch_fault,
    "faults-off": faults_off,
    "reset": reset,
}
