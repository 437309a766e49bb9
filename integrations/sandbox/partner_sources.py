"""The state machine of partner event sources: pure, the heart of the simulator.

A source's state belongs to one offer: (region, source name, publisher account, customer account). The customer sees
five standings, of which the partner can tell only three apart: a source that is gone looks like one that never was.
Source: the EventBridge partner onboarding guide and the API reference of Activate-/DeactivateEventSource.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Standing(StrEnum):
    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    DELETED_BUS_LEFT = "deleted, bus left"
    PENDING_BUS_LEFT = "pending, bus left"


class Trigger(StrEnum):
    CREATE = "CreatePartnerEventSource"
    DELETE = "DeletePartnerEventSource"
    EXPIRE = "expiry"
    ATTACH = "CreateEventBus"
    DETACH = "DeleteEventBus"
    ACTIVATE = "ActivateEventSource"
    DEACTIVATE = "DeactivateEventSource"


class Refusal(StrEnum):
    """AWS's error codes for a trigger that a standing does not allow."""

    EXISTS = "ResourceAlreadyExistsException"
    NOT_FOUND = "ResourceNotFoundException"
    INVALID = "InvalidStateException"


_S, _R = Standing, Refusal

# Deletes are idempotent at AWS (no NotFound is modelled), hence the standings that DELETE, DETACH and EXPIRE keep.
TRANSITIONS: dict[Standing, dict[Trigger, Standing | Refusal]] = {
    Standing.NONE: {
        Trigger.CREATE: _S.PENDING,
        Trigger.DELETE: _S.NONE,
        Trigger.EXPIRE: _S.NONE,
        Trigger.ATTACH: _R.NOT_FOUND,
        Trigger.DETACH: _S.NONE,
        Trigger.ACTIVATE: _R.NOT_FOUND,
        Trigger.DEACTIVATE: _R.NOT_FOUND,
    },
    Standing.PENDING: {
        Trigger.CREATE: _R.EXISTS,
        Trigger.DELETE: _S.NONE,
        Trigger.EXPIRE: _S.NONE,
        Trigger.ATTACH: _S.ACTIVE,
        Trigger.DETACH: _S.PENDING,
        Trigger.ACTIVATE: _R.NOT_FOUND,  # the first activation is always CreateEventBus
        Trigger.DEACTIVATE: _R.INVALID,
    },
    Standing.ACTIVE: {
        Trigger.CREATE: _R.EXISTS,
        Trigger.DELETE: _S.DELETED_BUS_LEFT,
        Trigger.EXPIRE: _S.ACTIVE,
        Trigger.ATTACH: _R.EXISTS,
        Trigger.DETACH: _S.PENDING,
        Trigger.ACTIVATE: _R.INVALID,
        Trigger.DEACTIVATE: _S.PENDING_BUS_LEFT,
    },
    # A re-created source stays pending on purpose: old rules live again only when the customer says so.
    Standing.DELETED_BUS_LEFT: {
        Trigger.CREATE: _S.PENDING_BUS_LEFT,
        Trigger.DELETE: _S.DELETED_BUS_LEFT,
        Trigger.EXPIRE: _S.DELETED_BUS_LEFT,
        Trigger.ATTACH: _R.INVALID,
        Trigger.DETACH: _S.NONE,
        Trigger.ACTIVATE: _R.INVALID,
        Trigger.DEACTIVATE: _R.INVALID,
    },
    # Undocumented at AWS: expiry with the bus left looks to the customer like a deletion by the partner.
    Standing.PENDING_BUS_LEFT: {
        Trigger.CREATE: _R.EXISTS,
        Trigger.DELETE: _S.DELETED_BUS_LEFT,
        Trigger.EXPIRE: _S.DELETED_BUS_LEFT,
        Trigger.ATTACH: _R.EXISTS,
        Trigger.DETACH: _S.PENDING,
        Trigger.ACTIVATE: _S.ACTIVE,
        Trigger.DEACTIVATE: _R.INVALID,
    },
}


class Refused(Exception):
    """The standing does not allow the trigger; `refusal` is AWS's error code."""

    def __init__(self, refusal: Refusal, standing: Standing, trigger: Trigger) -> None:
        super().__init__(f"{trigger} is refused with {refusal} while the source is {standing}")
        self.refusal = refusal


@dataclass(frozen=True)
class Lifetimes:
    """How long an unused offer lives: waiting for its bus, and after the customer deactivated it."""

    pending: timedelta
    deactivated: timedelta


class Offer(Struct, frozen=True):
    """One source as offered to one customer account. `expires_at` is set exactly while AWS would give one."""

    region: str
    name: str
    account: str
    publisher: str
    standing: Standing
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether the partner may publish to it and sees it in lists."""
        return self.standing in (Standing.PENDING, Standing.ACTIVE, Standing.PENDING_BUS_LEFT)

    @property
    def state(self) -> str:
        """The API's word (EventSourceState): PENDING also covers a deactivated bus."""
        return {Standing.ACTIVE: "ACTIVE", Standing.DELETED_BUS_LEFT: "DELETED"}.get(self.standing, "PENDING")

    def is_due(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def offered_by(self, publisher: str) -> "Offer":
        """The same offer in another publisher's hands; a deleted source's name is free for any approved publisher."""
        return replace(self, publisher=publisher)

    def aged(self, by: timedelta) -> "Offer":
        """The same offer as if everything about it had happened `by` earlier."""
        return replace(
            self, created_at=self.created_at - by, expires_at=None if self.expires_at is None else self.expires_at - by
        )


def outcome(standing: Standing, trigger: Trigger) -> Standing:
    """The standing after the trigger. Raises Refused."""
    result = TRANSITIONS[standing][trigger]
    if isinstance(result, Refusal):
        raise Refused(result, standing, trigger)
    return result


def moved(offer: Offer, trigger: Trigger, now: datetime, lifetimes: Lifetimes) -> Offer | None:
    """The offer after the trigger, or None when nothing is left of it. Raises Refused."""
    standing = outcome(offer.standing, trigger)
    if standing is Standing.NONE:
        return None
    if standing is offer.standing:
        return offer
    created_at = now if trigger is Trigger.CREATE else offer.created_at
    return replace(
        offer, standing=standing, created_at=created_at, expires_at=_expiry(standing, trigger, now, lifetimes)
    )


def _expiry(standing: Standing, trigger: Trigger, now: datetime, lifetimes: Lifetimes) -> datetime | None:
    if standing not in (Standing.PENDING, Standing.PENDING_BUS_LEFT):
        return None
    return now + (lifetimes.deactivated if trigger is Trigger.DEACTIVATE else lifetimes.pending)
