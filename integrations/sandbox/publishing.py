"""PutPartnerEvents and PutEvents: what is refused, what is accepted, and what is accepted and then lost."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from integrations.sandbox.buses import DEFAULT, find_bus
from integrations.sandbox.delivery import Event, decoded_object, deliver
from integrations.sandbox.errors import AwsError, validation_error
from integrations.sandbox.operations import Call, Operation, Result
from integrations.sandbox.partner_sources import Offer, Standing
from integrations.sandbox.publishers import registered
from integrations.sandbox.settings import LONGEST_DETAIL_TYPE
from integrations.sandbox.sources import offers_of

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

Entry = dict[str, Any]
REQUIRED = ("Source", "DetailType", "Detail")
TIME_BYTES = 14


class EntryRefused(Exception):
    """One entry fails alone, with AWS's per-entry code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def put_partner_events(simulator: "Simulator", call: Call) -> Result:
    """Accept up to 20 entries of any sources of the calling publisher; `Entries` answers index by index."""
    publisher = registered(simulator.publishers, call)

    def accept(entry: Entry, event: Event) -> None:
        offers = offers_of(simulator, call.region, entry["Source"], call.now)
        live = [offer for offer in offers if offer.is_live and offer.publisher == publisher.account]
        if not live:
            code = simulator.settings.unknown_source_code
            raise EntryRefused(code, f"Event Bus Not Found: event source {entry['Source']} does not exist.")
        for offer in live:
            _forward(simulator, offer, event)

    return _put(simulator, call, simulator.settings.max_request_bytes, accept)


def _forward(simulator: "Simulator", offer: Offer, event: Event) -> None:
    if offer.standing is not Standing.ACTIVE:
        simulator.counters["dropped_while_pending"] += 1  # accepted with an EventId, never stored
    elif len(event.detail_type) > LONGEST_DETAIL_TYPE:
        simulator.counters["dropped_long_detail_type"] += 1
    else:
        deliver(simulator, event, offer.account, offer.region, offer.name)


def put_events(simulator: "Simulator", call: Call) -> Result:
    """A customer's own events, for the default bus or a custom bus; the service model itself refuses partner buses."""

    def accept(entry: Entry, event: Event) -> None:
        if event.source.startswith("aws."):
            raise EntryRefused("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            bus = find_bus(simulator, call, entry.get("EventBusName", DEFAULT))
        except AwsError as error:
            raise EntryRefused(error.code, error.message) from None
        deliver(simulator, event, bus.account, bus.region, bus.name)

    return _put(simulator, call, simulator.settings.max_put_events_bytes, accept)


def _put(simulator: "Simulator", call: Call, limit: int, accept: Callable[[Entry, Event], None]) -> Result:
    entries: list[Entry] = call.parameters["Entries"]
    if not any(all(entry.get(field) for field in REQUIRED) for entry in entries):
        raise validation_error("No entry of the request has each of Source, DetailType and Detail.")
    if sum(map(entry_size, entries)) > limit:
        raise validation_error("Total size of the entries in the request is over the limit.")
    results = [_result(simulator, call, entry, accept) for entry in entries]
    failed = sum("ErrorCode" in result for result in results)
    simulator.counters.update(Counter(entries_failed=failed, entries_accepted=len(entries) - failed))
    return {"FailedEntryCount": failed, "Entries": results}


def entry_size(entry: Entry) -> int:
    """Bytes that count: 14 for a Time, the UTF-8 of Source, DetailType, Detail and each resource. Keys do not count."""
    texts = [entry.get(field, "") for field in REQUIRED] + entry.get("Resources", [])
    return sum(len(text.encode()) for text in texts) + (TIME_BYTES if "Time" in entry else 0)


def _result(simulator: "Simulator", call: Call, entry: Entry, accept: Callable[[Entry, Event], None]) -> dict[str, str]:
    try:
        _strike(simulator, call, entry)
        event = _event(call, entry)
        accept(entry, event)
    except EntryRefused as refused:
        return {"ErrorCode": refused.code, "ErrorMessage": refused.message}
    return {"EventId": event.id}


def _strike(simulator: "Simulator", call: Call, entry: Entry) -> None:
    if call.operation == "PutPartnerEvents":
        code = simulator.faults.strikes_entry(entry.get("Source", ""))
        if code:
            raise EntryRefused(code, f"{code} injected by the sandbox")


def _event(call: Call, entry: Entry) -> Event:
    for field in REQUIRED:
        if not entry.get(field):
            message = f"Parameter {field} is not valid. Reason: {field} is a required argument."
            raise EntryRefused("InvalidArgument", message)
    detail = decoded_object(entry["Detail"])
    if detail is None:
        raise EntryRefused("MalformedDetail", "Detail is malformed.")
    return Event(
        id=str(uuid4()),
        detail_type=entry["DetailType"],
        source=entry["Source"],
        time=entry.get("Time", call.now),
        resources=entry.get("Resources", []),
        detail=detail,
        detail_text=entry["Detail"],
    )


OPERATIONS: dict[str, Operation] = {"PutEvents": put_events}
