"""What can go wrong with a request. None of these hides what had succeeded before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partnerbus_client.events import Event
    from partnerbus_client.receipts import Result

# The server says that it did nothing; everything else may have been stored before the answer was lost.
_NOTHING_WAS_DONE = {429, 503, 507}
_NEVER_DIFFERENT = {501, 505}


class PartnerbusError(Exception):
    """Anything that this package raises on its own account.

    When events were being sent, `results` has those that were answered, and `unconfirmed` all others in their order:
    send these again, their ids make it safe. `temporary` says whether a repetition may help, `retry_after` in how many
    seconds the server asks for it.
    """

    results: tuple[Result, ...] = ()
    unconfirmed: tuple[Event, ...] = ()
    temporary: bool = False
    nothing_was_done: bool = False
    retry_after: float | None = None


class NoAnswer(PartnerbusError):
    """The server was not reached, or its answer did not arrive whole. What was posted may have been stored."""

    temporary = True


class ApiError(PartnerbusError):
    """The server refused the request. `code` is stable and for programs, `detail` says what to do."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code") or f"http_{status}")
        self.detail = str(problem.get("detail") or "The answer gives no reason.")
        self.retry_after = retry_after
        self.temporary = status in (408, 429) or self.code == "body_incomplete" or _is_passing(status)
        self.nothing_was_done = status in _NOTHING_WAS_DONE
        super().__init__(f"{status} {self.code}: {self.detail}")

    @property
    def concerns_the_body(self) -> bool:
        """Whether fewer or other events in the request could have passed."""
        return self.status == 413 or self.code in ("json_invalid", "body_invalid")


class Unauthorized(ApiError):
    """401: the key is missing, unknown, expired or revoked."""


class AccessDenied(ApiError):
    """403: the key lacks a scope."""


class RateLimited(ApiError):
    """429: too much at once; `retry_after` says when to go on."""


class Unavailable(ApiError):
    """5xx: the server has trouble. Nothing that was not confirmed is promised."""


def error_for(status: int, problem: Mapping[str, Any], retry_after: float | None) -> ApiError:
    """Return the error of the class that fits the status."""
    if status >= 500:
        return Unavailable(status, problem, retry_after)
    classes = {401: Unauthorized, 403: AccessDenied, 429: RateLimited}
    return classes.get(status, ApiError)(status, problem, retry_after)


def _is_passing(status: int) -> bool:
    return status >= 500 and status not in _NEVER_DIFFERENT
