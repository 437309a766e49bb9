"""The partner's side of EventBridge: offering sources to customers, and seeing what became of them."""

from typing import TYPE_CHECKING

from integrations.sandbox.arns import source_arn
from integrations.sandbox.errors import AwsError, limit_exceeded, not_found
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page
from integrations.sandbox.partner_sources import Offer, Trigger
from integrations.sandbox.publishers import approve_namespace, registered
from integrations.sandbox.publishing import put_partner_events
from integrations.sandbox.sources import expire_due, move, no_offer, offers_of

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator


def create_partner_event_source(simulator: "Simulator", call: Call) -> Result:
    publisher = registered(simulator.publishers, call)
    name, account = call.parameters["Name"], call.parameters["Account"]
    approve_namespace(publisher, call, name)
    offers = offers_of(simulator, call.region, name, call.now)
    live = [offer for offer in offers if offer.is_live]
    others = [offer for offer in live if offer.account != account]
    if any(offer.publisher != publisher.account for offer in live) or (
        len(others) >= simulator.settings.max_accounts_per_source
    ):
        raise AwsError("ResourceAlreadyExistsException", f"Event source {name} already exists.")
    mine = next((offer for offer in offers if offer.account == account), None)
    if mine is None or not mine.is_live:
        _refuse_more_than_allowed(simulator, call)
    before = mine or no_offer(call.region, name, account, publisher.account, call.now)
    move(simulator, before.offered_by(publisher.account), Trigger.CREATE, call.now)
    return {"EventSourceArn": source_arn(call.region, name)}


def _refuse_more_than_allowed(simulator: "Simulator", call: Call) -> None:
    live = len(_own_live_offers(simulator, call))
    if live >= simulator.settings.max_sources_per_publisher or not simulator.faults.allows_source(live):
        raise limit_exceeded()


def delete_partner_event_source(simulator: "Simulator", call: Call) -> Result:
    """Idempotent: AWS models no not-found error for it."""
    publisher = registered(simulator.publishers, call)
    name, account = call.parameters["Name"], call.parameters["Account"]
    for offer in offers_of(simulator, call.region, name, call.now):
        if offer.account == account and offer.publisher == publisher.account:
            move(simulator, offer, Trigger.DELETE, call.now)
    return NOTHING


def describe_partner_event_source(simulator: "Simulator", call: Call) -> Result:
    """AWS tells neither state nor account here."""
    name = call.parameters["Name"]
    if not any(offer.is_live for offer in _own_offers(simulator, call, name)):
        raise _not_found(name)
    return {"Arn": source_arn(call.region, name), "Name": name}


def list_partner_event_sources(simulator: "Simulator", call: Call) -> Result:
    """A plain prefix match: `.../src1` also returns `.../src10`."""
    registered(simulator.publishers, call)
    expire_due(simulator, call.now)
    prefix = call.parameters["NamePrefix"]
    names = {offer.name for offer in _own_live_offers(simulator, call) if offer.name.startswith(prefix)}
    sources = ((name, {"Arn": source_arn(call.region, name), "Name": name}) for name in names)
    return page(call, "PartnerEventSources", sources)


def list_partner_event_source_accounts(simulator: "Simulator", call: Call) -> Result:
    """After a deletion AWS's guide says not found, its API model DELETED: `partner_sees_deleted` chooses."""
    name, sees_deleted = call.parameters["EventSourceName"], simulator.settings.partner_sees_deleted
    offers = [offer for offer in _own_offers(simulator, call, name) if offer.is_live or sees_deleted]
    if not offers:
        raise _not_found(name)
    return page(call, "PartnerEventSourceAccounts", ((offer.account, _account_entry(offer)) for offer in offers))


def _account_entry(offer: Offer) -> Result:
    entry = {"Account": offer.account, "CreationTime": offer.created_at, "State": offer.state}
    return entry if offer.expires_at is None else {**entry, "ExpirationTime": offer.expires_at}


def _own_live_offers(simulator: "Simulator", call: Call) -> list[Offer]:
    return [
        offer
        for offer in simulator.offers
        if offer.is_live and offer.region == call.region and offer.publisher == call.caller.account
    ]


def _own_offers(simulator: "Simulator", call: Call, name: str) -> list[Offer]:
    publisher = registered(simulator.publishers, call)
    return [
        offer for offer in offers_of(simulator, call.region, name, call.now) if offer.publisher == publisher.account
    ]


def _not_found(name: str) -> AwsError:
    return not_found(f"Event source {name} does not exist.")


OPERATIONS: dict[str, Operation] = {
    "CreatePartnerEventSource": create_partner_event_source,
    "DeletePartnerEventSource": delete_partner_event_source,
    "DescribePartnerEventSource": describe_partner_event_source,
    "ListPartnerEventSources": list_partner_event_sources,
    "ListPartnerEventSourceAccounts": list_partner_event_source_accounts,
    "PutPartnerEvents": put_partner_events,
}
