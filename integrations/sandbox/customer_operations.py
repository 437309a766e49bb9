"""The customer's view of the sources that partners offer to the account."""

from typing import TYPE_CHECKING, Any

from integrations.sandbox.arns import source_arn
from integrations.sandbox.errors import not_found
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page
from integrations.sandbox.partner_sources import Offer, Trigger
from integrations.sandbox.sources import expire_due, move, no_offer, offer_to

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator


def describe_event_source(simulator: "Simulator", call: Call) -> Result:
    name = call.parameters["Name"]
    offer = offer_to(simulator, call.region, name, call.caller.account, call.now)
    if offer is None:
        raise not_found(f"Event source {name} does not exist.")
    return _described(offer)


def list_event_sources(simulator: "Simulator", call: Call) -> Result:
    expire_due(simulator, call.now)
    prefix = call.parameters.get("NamePrefix", "")
    offers = (
        (offer.name, _described(offer))
        for offer in simulator.offers
        if offer.region == call.region and offer.account == call.caller.account and offer.name.startswith(prefix)
    )
    return page(call, "EventSources", offers)


def activate_event_source(simulator: "Simulator", call: Call) -> Result:
    """Works only while the bus exists and is deactivated; the first activation is always CreateEventBus."""
    return _move(simulator, call, Trigger.ACTIVATE)


def deactivate_event_source(simulator: "Simulator", call: Call) -> Result:
    return _move(simulator, call, Trigger.DEACTIVATE)


def _move(simulator: "Simulator", call: Call, trigger: Trigger) -> Result:
    name, account = call.parameters["Name"], call.caller.account
    offer = offer_to(simulator, call.region, name, account, call.now)
    move(simulator, offer or no_offer(call.region, name, account, "", call.now), trigger, call.now)
    return NOTHING


def _described(offer: Offer) -> Result:
    partner = "/".join(offer.name.split("/")[:2])
    described: dict[str, Any] = {
        "Arn": source_arn(offer.region, offer.name),
        "CreatedBy": partner,
        "CreationTime": offer.created_at,
        "Name": offer.name,
        "State": offer.state,
    }
    if offer.expires_at is not None:
        described["ExpirationTime"] = offer.expires_at
    return described


OPERATIONS: dict[str, Operation] = {
    "DescribeEventSource": describe_event_source,
    "ListEventSources": list_event_sources,
    "ActivateEventSource": activate_event_source,
    "DeactivateEventSource": deactivate_event_source,
}
