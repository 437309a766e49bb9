"""One AWS request from its bytes to its answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.sandbox.accounts import Scope, identify, signed_scope
from integrations.sandbox.errors import AwsError
from integrations.sandbox.operations import Call, Result
from integrations.sandbox.protocols import CborProtocol, JsonProtocol, QueryProtocol, Response, WireProtocol
from integrations.sandbox.request_log import LOST, Progress
from integrations.sandbox.services import find_operation, input_shape
from integrations.sandbox.simulator import Simulator
from integrations.sandbox.validation import checked_parameters


@dataclass(frozen=True)
class Request:
    """`header` looks up case-insensitively and gives "" for what was not sent."""

    method: str
    path: str
    header: Callable[[str], str]
    body: bytes


class AnswerLost(Exception):
    """The call was carried out, but no answer goes out: the connection stays silent for `seconds` and closes."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"answer lost after {seconds} s of silence")
        self.seconds = seconds


def answer(simulator: Simulator, request: Request) -> Response:
    """Raises AnswerLost when the fault `timeout_after_accepting` strikes."""
    with simulator.requests.following(datetime.now(UTC)) as progress:
        protocol: WireProtocol = JsonProtocol(request.header("X-Amz-Target") or "unknown.", request.body)
        try:
            scope = signed_scope(request.header("Authorization"))
            protocol = _protocol(request, scope) or protocol
            progress.region, progress.service, progress.operation = scope.region, protocol.service, protocol.operation
            find_operation(protocol.service, protocol.operation)
            call = _call(protocol, scope, request)
            progress.account = call.caller.account
            return protocol.success(carry_out(simulator, call, progress))
        except AwsError as error:
            progress.outcome = error.code
            return protocol.failure(error)


def _protocol(request: Request, scope: Scope) -> WireProtocol | None:
    if request.header("smithy-protocol") == "rpc-v2-cbor":
        return CborProtocol(request.path, request.body)
    return None if request.header("X-Amz-Target") else QueryProtocol(scope.service, request.body)


def _call(protocol: WireProtocol, scope: Scope, request: Request) -> Call:
    now = datetime.now(UTC)
    return Call(
        service=protocol.service,
        operation=protocol.operation,
        caller=identify(scope, request.header("X-Amz-Security-Token"), now),
        parameters=checked_parameters(input_shape(protocol.service, protocol.operation), protocol.given()),
        region=scope.region,
        endpoint=f"http://{request.header('Host')}",
        now=now,
    )


def carry_out(simulator: Simulator, call: Call, progress: Progress) -> Result:
    """Do what the call asks, with the faults that are on. Raises AwsError, AnswerLost."""
    operation = find_operation(call.service, call.operation)
    with simulator.lock:
        latency = simulator.faults.latency(call.operation)
    if latency:  # even sleep(0) gives the processor away
        time.sleep(latency)
    with simulator.changing():
        simulator.counters[f"{call.service}:{call.operation}"] += 1
        simulator.faults.strike_call(call.operation, call.region)
        _refuse_disabled_region(simulator, call)
        result = operation(simulator, call)
        lost = simulator.faults.swallows_answer(call.operation)
        silence = simulator.faults.faults.timeout_seconds
    if result.get("FailedEntryCount"):
        progress.outcome = f"{result['FailedEntryCount']} of {len(call.parameters['Entries'])} entries failed"
    if lost:  # only after the commit, so that what is lost is nothing but the answer
        progress.outcome = LOST
        raise AnswerLost(silence)
    return result


def _refuse_disabled_region(simulator: Simulator, call: Call) -> None:
    if call.service in ("events", "eventbridgev2") and call.region not in simulator.settings.regions:
        raise AwsError("OperationDisabledException", f"The operation {call.operation} is disabled in {call.region}.")
