"""How many events a key may post per second: one bucket a key, shared by all web processes through Valkey.

The bucket holds two seconds' worth of events. A body is admitted whole while anything is left in it, and may overdraw
it: a body larger than the bucket passes too, and the next ones wait until the debt is paid. So the rate holds over
time, whatever the size of bodies, and nothing of a refused body is stored or counted.
"""

import math
import time
from functools import cache
from threading import Lock
from uuid import UUID

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from integrations.problems import Problem
from integrations.registration.models import ApiKey

BURST_SECONDS = 2.0
# For each of connecting, greeting and asking: a post never waits 50 ms for Valkey.
VALKEY_SECONDS = 0.015
PAUSE_AFTER_FAILURE = 5.0  # seconds in which a process does not ask Valkey again

# A bucket is the moment at which it is full again, in microseconds of Valkey's clock, and gone once it is. All in one
# script, because of two posts at once only the first may find the last event that is left.
ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local wait = full_at - now - ARGV[1]
if wait >= 0 then return wait + 1 end
full_at = full_at + ARGV[2]
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
end
return 0
"""
MICROSECONDS = 1_000_000

log = structlog.get_logger()


class SharedBuckets:
    """The buckets of all processes, in Valkey."""

    def __init__(self, url: str) -> None:
        self._valkey = redis.Redis.from_url(
            url,
            socket_connect_timeout=VALKEY_SECONDS,
            socket_timeout=VALKEY_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def admit(self, key: UUID, seconds: float) -> float:
        """Take events worth `seconds` from the bucket; return 0, or how many seconds to wait before trying again."""
        burst, cost = (round(part * MICROSECONDS) for part in (BURST_SECONDS, seconds))
        wait = self._valkey.eval(ADMIT, 1, f"partnerbus:rate:{key}", burst, cost)
        return int(wait) / MICROSECONDS


class OwnBuckets:
    """The buckets of this process alone, while Valkey does not answer."""

    def __init__(self) -> None:
        self._full_at: dict[UUID, float] = {}
        self._lock = Lock()

    def admit(self, key: UUID, seconds: float) -> float:
        """Take events worth `seconds` from the bucket; return 0, or how many seconds to wait before trying again."""
        now = time.monotonic()
        with self._lock:
            full_at = max(now, self._full_at.get(key, now))
            wait = full_at - now - BURST_SECONDS
            if wait >= 0:
                return wait or 1 / MICROSECONDS
            self._full_at[key] = full_at + seconds
        return 0


class RateLimits:
    """Asks Valkey, and for some seconds after a failure only this process."""

    def __init__(self, url: str) -> None:
        self._shared = SharedBuckets(url)
        self._own = OwnBuckets()
        self._resume_at = 0.0

    def admit(self, key: UUID, seconds: float) -> float:
        """Take events worth `seconds` from the bucket; return 0, or how many seconds to wait before trying again."""
        if time.monotonic() >= self._resume_at:
            try:
                return self._shared.admit(key, seconds)
            except (redis.RedisError, OSError) as error:
                self._resume_at = time.monotonic() + PAUSE_AFTER_FAILURE
                log.warning("rates are limited without Valkey", error=str(error))
        return self._own.admit(key, seconds)


@cache
def rate_limits() -> RateLimits:
    """Return the limits of this process."""
    return RateLimits(settings.REDIS_URL)


def check_rate(key: ApiKey, events: int) -> None:
    """Raise Problem 429 when the key has a limit and has used it up. With no events it only asks whether it has."""
    if key.events_per_second is None:
        return
    wait = rate_limits().admit(key.public_id, events / max(key.events_per_second, 1))
    if wait:
        raise Problem(
            429,
            "rate_limited",
            f"This key may post {key.events_per_second} events per second. Nothing was stored: post the same body "
            "again after the seconds that Retry-After names.",
            headers={"Retry-After": str(math.ceil(wait))},
            events_per_second=key.events_per_second,
        )
