"""What one call means for one delivery, and when to try again."""

import random
from datetime import timedelta
from enum import Enum

import msgspec
from django.conf import settings

from integrations.aws.errors import RetryClass
from integrations.aws.publishing import Accepted, Outcome, Refused
from integrations.events.claims import Delivery

FIRST_DELAY = 1.0  # seconds, doubled with every try
LONGEST_DELAY = 900.0
MESSAGE_LENGTH = 500
MISSING = "event_missing"
UNJUDGED = "selection_failed"
ACCEPTED = "accepted"
UNKNOWN = "outcome_unknown"


class Verdict(Enum):
    """What becomes of a delivery."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    DEAD = "dead"
    FILTERED = "filtered"


class Call(msgspec.Struct, frozen=True, gc=False):
    """What the attempts of one PutPartnerEvents call share."""

    ms: int = 0
    request_id: str = ""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """The verdict on one delivery, with what AWS said.

    `refused` counts towards RETRY_MAX_TRIES: AWS refused this entry for itself, and not for our haste or its trouble.
    `ages` starts the clock of RETRY_MAX_HOURS: refused, and not because the source may be gone.
    `attempted` is false where no call was made; `code` is then None where nothing went wrong.
    """

    delivery: Delivery
    verdict: Verdict
    code: str | None
    call: Call = Call()
    size: int = 0
    aws_id: str = ""
    message: str = ""
    suspect: bool = False
    refused: bool = False
    ages: bool = False
    attempted: bool = True


def judge(delivery: Delivery, outcome: Outcome, call: Call, size: int) -> Finding:
    """Return what AWS's answer for this entry means."""
    if isinstance(outcome, Accepted):
        return Finding(delivery, Verdict.ACCEPTED, ACCEPTED, call, size, aws_id=outcome.event_id)
    if isinstance(outcome, Refused):
        return _refused(delivery, outcome, call, size)
    return Finding(delivery, Verdict.RETRY, UNKNOWN, call, size, message=outcome.reason)


def postponed(delivery: Delivery, code: str, message: str, call: Call, size: int) -> Finding:
    """The whole call failed in a way that is nobody's fault here: tried again, and never dead of it."""
    return Finding(delivery, Verdict.RETRY, code, call, size, message=message)


def missing(delivery: Delivery) -> Finding:
    """The event is not in the store any more: recorded as dead, so that the queue does not jam on it."""
    message = "The event was not in the store any more when its turn came."
    return Finding(delivery, Verdict.DEAD, MISSING, message=message, attempted=False)


def unjudged(delivery: Delivery, why: str) -> Finding:
    """The selection could not be applied to this event."""
    message = f"The source's selection could not be applied to the event: {why}"
    return Finding(delivery, Verdict.DEAD, UNJUDGED, message=message, attempted=False)


def filtered(delivery: Delivery) -> Finding:
    """The selection made since the event was stored does not include it."""
    return Finding(delivery, Verdict.FILTERED, None, attempted=False)


def _refused(delivery: Delivery, outcome: Refused, call: Call, size: int) -> Finding:
    suspect = outcome.retry_class is RetryClass.SOURCE_SUSPECT
    counts = outcome.retry_class is not RetryClass.THROTTLED
    ages = counts and not suspect
    used_up = (counts and delivery.refusals + 1 >= settings.RETRY_MAX_TRIES) or (
        ages and delivery.refused_for >= settings.RETRY_MAX_HOURS * 3_600
    )
    final = outcome.retry_class is RetryClass.FINAL or used_up
    return Finding(
        delivery,
        Verdict.DEAD if final else Verdict.RETRY,
        outcome.code,
        call,
        size,
        message=outcome.message,
        refused=counts,
        ages=ages,
        suspect=suspect and not final,
    )


def delay(tries: int) -> timedelta:
    """Return how long to wait after the given number of tries: doubling, with jitter so that a crowd spreads out."""
    longest = min(FIRST_DELAY * 2 ** min(tries - 1, 20), LONGEST_DELAY)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - jitter, not a secret


def uuid_bytes(text: str) -> bytes | None:
    """Return the 16 bytes of AWS's id, which is a UUID in practice, or None."""
    try:
        found = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return None
    return found if len(found) == 16 else None


def said(finding: Finding) -> str | None:
    """Return AWS's words for the record, with any id of AWS that is not a UUID."""
    odd = [
        f"{name} {text}"
        for name, text in (("EventId", finding.aws_id), ("RequestId", finding.call.request_id))
        if text and uuid_bytes(text) is None
    ]
    words = " · ".join([*odd, finding.message] if finding.message else odd)
    return words[:MESSAGE_LENGTH] or None
