"""One AWS request from its bytes to its answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.sandbox.accounts import Scope, identify, signed_scope
from integrations.sandbox.errors import AwsError
from integrations.sandbox.operations import Call, Operation, Result
from integrations.sandbox.protocols import JsonProtocol, QueryProtocol, Response, WireProtocol
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
    protocol: WireProtocol = JsonProtocol(request.header("X-Amz-Target") or "unknown.", request.body)
    try:
        scope = signed_scope(request.header("Authorization"))
        if not request.header("X-Amz-Target"):
            protocol = QueryProtocol(scope.service, request.body)
        operation = find_operation(protocol.service, protocol.operation)
        call = _call(protocol, scope, request)
        return protocol.success(_carried_out(simulator, operation, call))
    except AwsError as error:
        return protocol.failure(error)


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


def _carried_out(simulator: Simulator, operation: Operation, call: Call) -> Result:
    with simulator.lock:
        latency = simulator.faults.latency(call.operation)
    if latency:  # even sleep(0) gives the processor away
        time.sleep(latency)
    with simulator.changing():
        simulator.counters[f"{call.service}:{call.operation}"] += 1
        simulator.faults.strike_call(call.operation)
        _refuse_disabled_region(simulator, call)
        result = operation(simulator, call)
        lost = simulator.faults.swallows_answer(call.operation)
        silence = simulator.faults.faults.timeout_seconds
    if lost:  # only after the commit, so that what is lost is nothing but the answer
        raise AnswerLost(silence)
    return result


def _refuse_disabled_region(simulator: Simulator, call: Call) -> None:
    if call.service == "events" and call.region not in simulator.settings.regions:
        raise AwsError("OperationDisabledException", f"The operation {call.operation} is disabled in {call.region}.")
