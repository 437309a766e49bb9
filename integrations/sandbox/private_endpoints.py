"""The simulator's own doors under /_sandbox/: state, clock, faults, settings, publishers, reset and the console."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from integrations.sandbox.clock import Advance, advance
from integrations.sandbox.console.answering import Refused, answer_console, refuse_rebinding
from integrations.sandbox.endpoint import Request
from integrations.sandbox.faults import Faults
from integrations.sandbox.inventory import inventory
from integrations.sandbox.partner_sources import Trigger
from integrations.sandbox.protocols import Response
from integrations.sandbox.publishers import Publisher
from integrations.sandbox.settings import Settings
from integrations.sandbox.simulator import Simulator
from integrations.sandbox.sources import move, offer_to

PREFIX = "/_sandbox"
Body = TypeVar("Body")


class Refusal(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def answer_privately(simulator: Simulator, request: Request) -> Response:
    """Answer a request below /_sandbox; a refusal is `{"error": "<sentence>"}`."""
    try:
        _refuse_other_sites(request)
        path = urlsplit(request.path).path.removeprefix(PREFIX).strip("/")
        console = answer_console(simulator, request, path)
        if console is not None:
            return console
        with simulator.changing():
            answer = _door(request.method, path)(simulator, request)
        return _json(200, answer)
    except (Refusal, Refused) as refusal:
        return _json(refusal.status, {"error": str(refusal)})


def _refuse_other_sites(request: Request) -> None:
    refuse_rebinding(request)
    # A web page of another origin must not be able to reset the sandbox of whoever looks at it.
    origin = request.header("Origin")
    if origin and urlsplit(origin).netloc != request.header("Host"):
        raise Refusal(403, f"Requests from {origin} are refused: call the sandbox from its own address.")


def _door(method: str, path: str) -> Callable[[Simulator, Request], Any]:
    door = DOORS.get((method, path))
    if door is None:
        known = ", ".join(f"{known_method} {PREFIX}/{known_path}" for known_method, known_path in DOORS)
        raise Refusal(404, f"There is no {method} {PREFIX}/{path}. There are: {known}.")
    return door


def _body(request: Request, body_type: type[Body]) -> Body:
    try:
        return msgspec.json.decode(request.body or b"{}", type=body_type)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Refusal(400, str(error)) from None


def _json(status: int, answer: Any) -> Response:
    return Response(status, msgspec.json.encode(answer), "application/json")


def _health(_: Simulator, __: Request) -> Any:
    return {"status": "ok"}


def _state(simulator: Simulator, _: Request) -> Any:
    return inventory(simulator, datetime.now(UTC))


def _advance_clock(simulator: Simulator, request: Request) -> Any:
    return {"expired": advance(simulator, _body(request, Advance), datetime.now(UTC))}


def _faults(simulator: Simulator, _: Request) -> Any:
    return {"faults": simulator.faults.faults, "counters": simulator.faults.counters}


def _set_faults(simulator: Simulator, request: Request) -> Any:
    simulator.configure(faults=_body(request, Faults))
    return _faults(simulator, request)


def _clear_faults(simulator: Simulator, request: Request) -> Any:
    simulator.configure(faults=Faults())
    return _faults(simulator, request)


def _settings(simulator: Simulator, _: Request) -> Any:
    return simulator.settings


def _set_settings(simulator: Simulator, request: Request) -> Any:
    """Fields that are not named keep their value."""
    named = _body(request, dict[str, Any])
    merged = {**msgspec.to_builtins(simulator.settings), **named}
    try:
        simulator.configure(settings=msgspec.convert(merged, Settings))
    except msgspec.ValidationError as error:
        raise Refusal(400, str(error)) from None
    return simulator.settings


def _publishers(simulator: Simulator, _: Request) -> Any:
    return list(simulator.publishers)


def _register_publisher(simulator: Simulator, request: Request) -> Any:
    """Register an account as a partner, or replace its namespaces."""
    publisher = _body(request, Publisher)
    simulator.publishers.put(publisher)
    return publisher


def _inbox(simulator: Simulator, request: Request) -> Any:
    asked = dict(parse_qsl(urlsplit(request.path).query))
    if not {"account", "region"} <= set(asked):
        raise Refusal(400, "Name whose inbox: ?account=222222222222&region=eu-west-1, and &bus=<name> for one bus.")
    return {"arrivals": simulator.inbox.arrivals(asked["account"], asked["region"], asked.get("bus"))}


def _requests(simulator: Simulator, request: Request) -> Any:
    asked = dict(parse_qsl(urlsplit(request.path).query))
    return {"requests": simulator.requests.latest(account=asked.get("account"))}


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    account: str
    region: str


def _delete_source(simulator: Simulator, request: Request) -> Any:
    """Delete a source as if its publisher, or AWS, had done it behind everybody's back."""
    wanted = _body(request, Withdrawal)
    offer = offer_to(simulator, wanted.region, wanted.name, wanted.account, datetime.now(UTC))
    if offer is None:
        raise Refusal(404, f"There is no source {wanted.name} of account {wanted.account} in {wanted.region}.")
    after = move(simulator, offer, Trigger.DELETE, datetime.now(UTC))
    return {"state": after.state if after else "none"}


def _reset(simulator: Simulator, _: Request) -> Any:
    simulator.reset()
    return {"status": "empty"}


DOORS: dict[tuple[str, str], Callable[[Simulator, Request], Any]] = {
    ("GET", "health"): _health,
    ("GET", "state"): _state,
    ("POST", "clock"): _advance_clock,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _set_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _set_settings,
    ("GET", "publishers"): _publishers,
    ("POST", "publishers"): _register_publisher,
    ("GET", "inbox"): _inbox,
    ("GET", "requests"): _requests,
    ("POST", "sources/delete"): _delete_source,
    ("POST", "reset"): _reset,
}
