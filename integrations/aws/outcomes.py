"""What AWS's answer to PutPartnerEvents says about each entry, and nothing more than it says."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from integrations.aws.errors import RetryClass, classify
from integrations.aws.words import CODE_CHARACTERS, storable


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """AWS took the entry and gave it this id."""

    event_id: str


class Refused(msgspec.Struct, frozen=True, gc=False):
    """AWS refused the entry with this raw code and text."""

    code: str
    message: str
    retry_class: RetryClass


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """AWS's answer does not say what became of the entry."""

    reason: str


Outcome = Accepted | Refused | Unknown


def read_outcomes(body: bytes, sent: int) -> list[Outcome]:
    """Return one outcome per entry sent, in their order, from the body of an answer of HTTP 200.

    Results belong to entries by position alone. So an answer that does not parse or has another number of results says
    nothing about any entry, and one whose FailedEntryCount contradicts its results proves no acceptance.
    """
    try:
        reply = _decoded(body)
        results = reply["Entries"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return _nothing_known(sent, f"AWS answered with {len(body)} bytes that are not a reply to PutPartnerEvents.")
    if not isinstance(results, list) or len(results) != sent:
        count = len(results) if isinstance(results, list) else "no"
        return _nothing_known(sent, f"AWS answered with {count} results for {sent} entries.")
    outcomes = [_outcome(result) for result in results]
    failed = reply.get("FailedEntryCount")
    return outcomes if _consistent(failed, outcomes) else _without_acceptances(outcomes, failed)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return json.loads(body)  # it takes half a surrogate pair, too


def _outcome(result: Any) -> Outcome:
    event_id, code = (result.get("EventId"), result.get("ErrorCode")) if isinstance(result, dict) else (None, None)
    if isinstance(code, str) and code and not event_id:
        said = storable(str(result.get("ErrorMessage") or ""))
        return Refused(storable(code, CODE_CHARACTERS), said, classify(code, entry=True))
    if isinstance(event_id, str) and event_id and not code:
        return Accepted(storable(event_id, CODE_CHARACTERS))
    return Unknown("AWS's result for this entry has neither an event id nor an error code, or both.")


def _consistent(failed: Any, outcomes: Sequence[Outcome]) -> bool:
    refused = sum(isinstance(outcome, Refused) for outcome in outcomes)
    unknown = sum(isinstance(outcome, Unknown) for outcome in outcomes)
    return type(failed) is int and refused <= failed <= refused + unknown


def _without_acceptances(outcomes: Sequence[Outcome], failed: Any) -> list[Outcome]:
    doubt = Unknown(f"AWS's FailedEntryCount is {failed!r}, which its own results contradict.")
    return [doubt if isinstance(outcome, Accepted) else outcome for outcome in outcomes]


def _nothing_known(sent: int, reason: str) -> list[Outcome]:
    return [Unknown(reason)] * sent
