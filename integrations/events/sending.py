"""Calls: deliveries packed into PutPartnerEvents requests, sent side by side, and a refused request taken apart."""

import asyncio
import time
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

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

REFUSED_AT_ONCE = 3  # calls of one environment and region

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


@dataclass(frozen=True, slots=True)
class RefusedWhole:
    """A request that AWS, or our own check before it, refused as a whole."""

    request: Request
    code: str
    message: str
    retry_class: RetryClass


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
    total, refused = Round(), list[RefusedWhole]()
    for part in await asyncio.gather(
        *[_safely(request, send(exchanges, request, deadline, refused)) for request in requests]
    ):
        total.add(part)
    for place in {refusal.request.place for refusal in refused}:
        of_place = [refusal for refusal in refused if refusal.request.place == place]
        if _concerns_all(of_place, total):
            first = of_place[0]
            stop = Stopped(first.request.environment, first.request.region, first.code, first.message)
            total.stops.append(stop)
        else:
            for part in await asyncio.gather(
                *[_safely(each.request, _taken_apart(exchanges, each, deadline)) for each in of_place]
            ):
                total.add(part)
    return total


def _concerns_all(refused: list[RefusedWhole], total: Round) -> bool:
    """Return whether it is not about an entry: many calls of several sources are refused, and no other is answered.

    Taken apart, each of their entries would become a dead letter, because a proxy spoils bodies or AWS has a bad day.
    """
    sources = {delivery.lane.source_id for refusal in refused for delivery in refusal.request.deliveries}
    return (
        len(refused) >= REFUSED_AT_ONCE
        and len(sources) > 1
        and all(refusal.retry_class is RetryClass.FINAL for refusal in refused)
        and not any(request.place == refused[0].request.place for request in total.answered)
    )


async def _safely(request: Request, work: Coroutine[Any, Any, Round]) -> Round:
    """A defect of ours in one call must not end the others; whether AWS took the entries is then unknown."""
    try:
        return await work
    except Exception as error:
        log.exception("a call failed unexpectedly", region=request.region)
        return _postponed(request, UNKNOWN, OutcomeUnknown("OutcomeUnknown", repr(error)))


async def send(
    exchanges: Exchanges, request: Request, deadline: float, refused: list[RefusedWhole] | None = None
) -> Round:
    """Send one request.

    One that AWS refuses as a whole, perhaps for one of its entries, is noted in `refused`, or without it halved until
    the entry at fault stands alone.
    """
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
        whole = RefusedWhole(request, error.code, str(error), RetryClass.FINAL)
        return await _taken_apart(exchanges, whole, deadline)
    except OutcomeUnknown as error:
        unknown = _postponed(request, UNKNOWN, error)
        unknown.unanswered.append(request)
        return unknown
    except AwsError as error:
        if _may_be_one_entrys_fault(error):
            whole = RefusedWhole(request, error.code, error.message, error.retry_class)
            if refused is None:
                return await _taken_apart(exchanges, whole, deadline)
            refused.append(whole)
            return Round()
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


async def _taken_apart(exchanges: Exchanges, refusal: RefusedWhole, deadline: float) -> Round:
    request = refusal.request
    total = Round(answered=[request])
    if len(request.entries) == 1:
        refused = Refused(refusal.code, refusal.message, refusal.retry_class)
        total.findings.append(judge(request.deliveries[0], refused, Call(), len(request.entries[0])))
        return total
    for half in request.halves():
        total.add(await send(exchanges, half, deadline))
    return total
