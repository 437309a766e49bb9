"""When to try again: exponential back-off with full jitter, never before the server asked for it."""

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_MOST_DOUBLINGS = 30


@dataclass(frozen=True)
class Retries:
    """How often one request is tried, and how long in all. Pauses and patience are seconds.

    No pause begins that would end after `patience`; a request that is under way then still takes its own timeout.
    """

    tries: int = 6
    first_pause: float = 0.25
    longest_pause: float = 20.0
    patience: float = 60.0

    def __post_init__(self) -> None:
        if self.tries < 1 or min(self.first_pause, self.longest_pause, self.patience) < 0:
            raise ValueError("A request is tried at least once, and seconds are not negative.")

    def pause(self, failures: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after so many failures in a row: what the server asks for, plus the jitter."""
        return (retry_after or 0.0) + random.uniform(0.0, self.longest(failures))  # noqa: S311 - spreads, hides nothing

    def longest(self, failures: int) -> float:
        """Return the most seconds that the jitter makes of the pause after so many failures in a row."""
        return min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))


ONCE = Retries(tries=1)


def seconds_until(retry_after: str | None) -> float | None:
    """Return what a Retry-After header asks for, which is a number of seconds or a date; None if it says neither."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
