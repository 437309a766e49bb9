"""The offers of all publishers to all customers: finding, moving and expiring them."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from integrations.sandbox.errors import AwsError
from integrations.sandbox.partner_sources import Offer, Refusal, Refused, Standing, Trigger, moved

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

REFUSALS = {
    Refusal.EXISTS: "Event source {name} already exists.",
    Refusal.NOT_FOUND: "Event source {name} or its event bus does not exist.",
    Refusal.INVALID: "Event source {name} is in state {state}: {trigger} is not possible.",
}


def offers_of(simulator: "Simulator", region: str, name: str, now: datetime) -> list[Offer]:
    """All offers of one source name, after expiry."""
    offers = list(simulator.offers.group(region, name).values())
    if not _expire(simulator, offers, now):
        return offers
    return list(simulator.offers.group(region, name).values())


def offer_to(simulator: "Simulator", region: str, name: str, account: str, now: datetime) -> Offer | None:
    """The offer of this source name to this account, after expiry."""
    return next((offer for offer in offers_of(simulator, region, name, now) if offer.account == account), None)


def expire_due(simulator: "Simulator", now: datetime) -> int:
    """Expire whatever is due and return how many offers that were."""
    return _expire(simulator, simulator.offers, now)


def _expire(simulator: "Simulator", offers: Iterable[Offer], now: datetime) -> int:
    due = [offer for offer in offers if offer.is_due(now)]
    if due:
        # A change of its own: what has expired stays expired, even if the call that noticed it is refused.
        with simulator.changing():
            for offer in due:
                move(simulator, offer, Trigger.EXPIRE, now)
        simulator.counters["sources_expired"] += len(due)
    return len(due)


def move(simulator: "Simulator", offer: Offer, trigger: Trigger, now: datetime) -> Offer | None:
    """Apply the trigger and store what is left of the offer. Raises AwsError when the state machine refuses."""
    try:
        after = moved(offer, trigger, now, simulator.lifetimes)
    except Refused as refused:
        _refuse(offer, trigger, refused.refusal)
    if after is None:
        if offer.standing is not Standing.NONE:
            simulator.offers.remove(offer)
    elif after != offer:
        simulator.offers.put(after)
    return after


def no_offer(region: str, name: str, account: str, publisher: str, now: datetime) -> Offer:
    """The offer that does not exist yet, from which every life begins."""
    return Offer(region, name, account, publisher, Standing.NONE, created_at=now)


def _refuse(offer: Offer, trigger: Trigger, refusal: Refusal) -> NoReturn:
    message = REFUSALS[refusal].format(name=offer.name, state=offer.state, trigger=trigger.value)
    raise AwsError(refusal.value, message)
