"""Calls: deliveries packed into PutPartnerEvents requests, sent side by side, and a refused request taken apart."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import structlog
from django.conf import settings

from integrations.aws import limits
from integrations.aws.errors import AwsError, InvalidRequest, NetworkError, OutcomeUnknown, RequestTooLarge
from integrations.aws.exchange import Exchanges
from integrations.aws.limits import LimitError
from integrations.aws.publishing import Refused, put_partner_events
from integrations.aws.refusal import RetryClass
from integrations.events.claims import Delivery
from integrations.events.outcomes import UNKNOWN, Call, Finding, judge, postponed
from integrations.registration.models import Environment

log = structlog.get_logger()


@dataclass(slots=True)
class Request:
    """The deliveries of one call: one environment, one region, within AWS's limits."""

    environment: Environment
    region: str
    deliveries: list[Delivery] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    size: int = 0

    def fits(self, entry: bytes) -> bool:
        """Return whether the entry still fits. Its length on the wire is an upper bound of what AWS counts."""
        room = self.environment.max_request_bytes - self.size
        return not self.entries or (len(self.entries) < limits.MAX_ENTRIES and len(entry) <= room)

    def add(self, delivery: Delivery, entry: bytes) -> None:
        self.deliveries.append(delivery)
        self.entries.append(entry)
        self.size += len(entry)

    @property
    def place(self) -> tuple[int, str]:
        """Whose credentials and which endpoint it uses."""
        return self.environment.pk, self.region

    def halves(self) -> Iterator["Request"]:
        """Split in two."""
        middle = len(self.entries) // 2
        for part in (slice(None, middle), slice(middle, None)):
            entries = self.entries[part]
            yield Request(self.environment, self.region, self.deliveries[part], entries, sum(map(len, entries)))


@dataclass(frozen=True, slots=True)
class Stopped:
    """Publishing of the environment stops in this region; the deliveries of the call stay as they are."""

    environment: Environment
    region: str
    code: str
    message: str

    @property
    def place(self) -> tuple[int, str]:
        """Whose credentials and which endpoint it concerns."""
        return self.environment.pk, self.region


@dataclass(slots=True)
class Round:
    """What calls brought: findings, where publishing has to stop, and which calls were answered or not.

    A delivery without a finding was not sent, or must stay as it is.
    """

    findings: list[Finding] = field(default_factory=list)
    stops: list[Stopped] = field(default_factory=list)
    answered: list[Request] = field(default_factory=list)
    unanswered: list[Request] = field(default_factory=list)

    def add(self, other: "Round") -> None:
        self.findings += other.findings
        self.stops += other.stops
        self.answered += other.answered
        self.unanswered += other.unanswered


def pack(deliveries: Iterable[Delivery], environments: dict[int, Environment]) -> list[Request]:
    """Pack deliveries, in their order, into requests of up to 20 entries and the environment's byte limit."""
    requests: list[Request] = []
    current: dict[tuple[int, str], Request] = {}
    for delivery in deliveries:
        assert delivery.tail is not None
        entry = delivery.lane.head + delivery.tail
        key = (delivery.lane.environment_id, delivery.lane.region)
        request = current.get(key)
        if request is None or not request.fits(entry):
            request = current[key] = Request(environments[key[0]], key[1])
            requests.append(request)
        request.add(delivery, entry)
    return requests


def send_all(exchanges: Exchanges, requests: list[Request], deadline: float) -> Round:
    """Send the requests side by side and return what all of them brought. Never raises for what AWS does.

    No call begins after `deadline` (monotonic seconds).
    """
    return exchanges.run(_send_all(exchanges, requests, deadline))


async def _send_all(exchanges: Exchanges, requests: list[Request], deadline: float) -> Round:
    total = Round()
    for part in await asyncio.gather(*[_send_safely(exchanges, request, deadline) for request in requests]):
        total.add(part)
    return total


async def _send_safely(exchanges: Exchanges, request: Request, deadline: float) -> Round:
    """A defect of ours in one call must not end the others; whether AWS took the entries is then unknown."""
    try:
        return await send(exchanges, request, deadline)
    except Exception as error:
        log.exception("a call failed unexpectedly", region=request.region)
        return _postponed(request, UNKNOWN, OutcomeUnknown("OutcomeUnknown", repr(error)))


async def send(exchanges: Exchanges, request: Request, deadline: float) -> Round:
    """Send one request; one that AWS refuses as a whole is halved until the entry at fault stands alone."""
    if time.monotonic() > deadline:
        return Round()
    try:
        result = await put_partner_events(
            exchanges,
            request.environment.publisher,
            request.region,
            request.entries,
            timeout=settings.AWS_CALL_TIMEOUT_SECONDS,
            max_request_bytes=request.environment.max_request_bytes,
        )
    except LimitError as error:
        return await _taken_apart(exchanges, request, deadline, error.code, str(error), RetryClass.FINAL)
    except OutcomeUnknown as error:
        unknown = _postponed(request, UNKNOWN, error)
        unknown.unanswered.append(request)
        return unknown
    except AwsError as error:
        if _may_be_one_entrys_fault(error):
            return await _taken_apart(exchanges, request, deadline, error.code, error.message, error.retry_class)
        return _refused_as_a_whole(request, error)
    call = Call(result.duration_ms, result.request_id)
    findings = [
        judge(delivery, outcome, call, len(entry))
        for delivery, entry, outcome in zip(request.deliveries, request.entries, result.outcomes, strict=True)
    ]
    return Round(findings, answered=[request])


def _may_be_one_entrys_fault(error: AwsError) -> bool:
    return isinstance(error, InvalidRequest | RequestTooLarge) or error.retry_class is RetryClass.SOURCE_SUSPECT


def _refused_as_a_whole(request: Request, error: AwsError) -> Round:
    stops = error.retry_class in (RetryClass.CREDENTIALS, RetryClass.FINAL) or isinstance(error, NetworkError)
    if not stops:
        return _postponed(request, error.code, error)
    return Round(stops=[Stopped(request.environment, request.region, error.code, error.message)])


def _postponed(request: Request, code: str, error: AwsError) -> Round:
    call = Call(request_id=error.request_id)
    return Round(
        [
            postponed(delivery, code, error.message, call, len(entry))
            for delivery, entry in zip(request.deliveries, request.entries, strict=True)
        ]
    )


async def _taken_apart(
    exchanges: Exchanges, request: Request, deadline: float, code: str, message: str, retry_class: RetryClass
) -> Round:
    total = Round(answered=[request])
    if len(request.entries) == 1:
        refused = Refused(code, message, retry_class)
        total.findings.append(judge(request.deliveries[0], refused, Call(), len(request.entries[0])))
        return total
    for half in request.halves():
        total.add(await send(exchanges, half, deadline))
    return total
