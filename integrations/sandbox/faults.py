"""Faults on demand: what AWS does on a bad day, switched on by POST /_sandbox/faults.

All of them hit the partner's side of EventBridge only; a tenant's own calls keep working.
"""

import random
from collections import Counter
from time import monotonic
from typing import Annotated, Literal

from msgspec import Meta, Struct

from integrations.sandbox.errors import AwsError

Rate = Annotated[float, Meta(ge=0, le=1)]
CredentialsCode = Literal[
    "ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException", "AccessDeniedException"
]
OperationCode = Literal[
    "ConcurrentModificationException",
    "InternalException",
    "InvalidStateException",
    "LimitExceededException",
    "OperationDisabledException",
    "ServiceUnavailable",
    "ThrottlingException",
]
PartnerOperation = Literal[
    "CreatePartnerEventSource",
    "DeletePartnerEventSource",
    "DescribePartnerEventSource",
    "ListPartnerEventSources",
    "ListPartnerEventSourceAccounts",
    "PutPartnerEvents",
]
PARTNER_OPERATIONS = frozenset(PartnerOperation.__args__)  # type: ignore[attr-defined]

MESSAGES = {
    "ExpiredTokenException": "The security token included in the request is expired",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "InvalidSignatureException": "The request signature we calculated does not match the signature you provided.",
    "AccessDeniedException": "User is not authorized to perform this operation.",
    "ThrottlingException": "Rate exceeded",
    "InternalException": "This exception occurs due to unexpected causes.",
    "OperationDisabledException": "The operation you are attempting is not available in this region.",
    "ServiceUnavailable": "The request has failed due to a temporary failure of the server.",
}


class Faults(Struct, frozen=True, forbid_unknown_fields=True):
    """Rates are fractions of calls (or entries) from 0 to 1. What is not named is off."""

    throttle_rate: Rate = 0  # PutPartnerEvents calls answered ThrottlingException
    internal_rate: Rate = 0  # PutPartnerEvents calls answered HTTP 500 InternalException
    entry_failure_rate: Rate = 0
    entry_failure_every: Annotated[int, Meta(ge=0)] = 0  # every n-th entry fails; 0 is off
    entry_failure_code: Annotated[str, Meta(min_length=1, max_length=64)] = "InternalFailure"
    entry_failure_sources: list[str] | None = None  # only entries of these sources fail; null means any
    latency_ms: Annotated[float, Meta(ge=0, le=600_000)] = 0  # before each call of the partner's side
    timeout_after_accepting_rate: Rate = 0  # PutPartnerEvents is carried out, the answer never comes
    timeout_seconds: Annotated[float, Meta(ge=0, le=600)] = 0  # how long the silent connection stays open
    credentials_error: CredentialsCode | None = None  # every call of the partner's side
    operation_errors: dict[PartnerOperation, OperationCode] = {}  # every call of that operation
    disabled_regions: list[str] = []  # every call of the partner's side there: OperationDisabledException
    source_limit: Annotated[int, Meta(ge=0)] | None = None  # live sources per publisher and region; null: no fault
    calls_per_second: Annotated[float, Meta(ge=0)] = 0  # PutPartnerEvents beyond it is throttled; 0 is no limit
    seed: int | None = None  # the same seed and the same calls give the same faults


class FaultInjector:
    """Decides call by call which fault strikes, and counts how often each did. Used under the simulator's lock."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.set(Faults())

    def set(self, faults: Faults) -> None:
        """Replace all faults and restart the random sequence and the counters."""
        self.faults = faults
        self.counters.clear()
        self._entries = 0
        self._calls_left = max(faults.calls_per_second, 1.0)
        self._filled_at = monotonic()
        self._random = random.Random(faults.seed)  # noqa: S311 - chooses faults, not secrets

    def latency(self, operation: str) -> float:
        """Seconds by which the call is delayed."""
        if operation not in PARTNER_OPERATIONS or not self.faults.latency_ms:
            return 0.0
        self.counters["latency"] += 1
        return self.faults.latency_ms / 1000

    def strike_call(self, operation: str, region: str) -> None:
        """Raise AwsError if this call of the partner's side is to fail as a whole."""
        if operation not in PARTNER_OPERATIONS:
            return
        if self.faults.credentials_error:
            self._fail("credentials_error", self.faults.credentials_error)
        if region in self.faults.disabled_regions:
            self._fail("disabled_region", "OperationDisabledException")
        code = self.faults.operation_errors.get(operation)  # type: ignore[call-overload]
        if code:
            self._fail("operation_error", code)
        if operation == "PutPartnerEvents":
            if self._is_too_fast() or self._happens(self.faults.throttle_rate):
                self._fail("throttle", "ThrottlingException")
            if self._happens(self.faults.internal_rate):
                self._fail("internal", "InternalException")

    def strikes_entry(self, source: str) -> str | None:
        """Return the error code with which this entry fails, or None."""
        only = self.faults.entry_failure_sources
        if only is not None and source not in only:
            return None
        self._entries += 1
        every = self.faults.entry_failure_every
        if (every and self._entries % every == 0) or self._happens(self.faults.entry_failure_rate):
            self.counters["entry_failure"] += 1
            return self.faults.entry_failure_code
        return None

    def swallows_answer(self, operation: str) -> bool:
        """Whether the call was carried out, but its answer is to be lost."""
        lost = operation == "PutPartnerEvents" and self._happens(self.faults.timeout_after_accepting_rate)
        self.counters["timeout_after_accepting"] += lost
        return lost

    def allows_source(self, live: int) -> bool:
        """Whether a publisher with so many live sources in a region may have one more."""
        limit = self.faults.source_limit
        allowed = limit is None or live < limit
        self.counters["source_limit"] += not allowed
        return allowed

    def _is_too_fast(self) -> bool:
        rate, now = self.faults.calls_per_second, monotonic()
        if not rate:
            return False
        self._calls_left = min(max(rate, 1.0), self._calls_left + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._calls_left < 1:
            return True
        self._calls_left -= 1
        return False

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate

    def _fail(self, counter: str, code: str) -> None:
        self.counters[counter] += 1
        raise AwsError(code, MESSAGES.get(code, f"{code} injected by the sandbox"))
