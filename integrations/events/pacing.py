"""Pacing: how many calls may be made now, so that all publishers together stay within AWS's quota.

AWS counts calls per publisher account and region, by a token bucket. Every publisher at work has an equal share.
When AWS throttles one of them, all slow down within a second, and the rate rises again by itself.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog
from django.conf import settings

from integrations.locks import PACE_LOCK

LOOK_EVERY = 1.0  # seconds between two looks at the shared rate and at who lives
# A publisher ends every minute and its successor starts at once: only who is away for longer leaves its share.
LOOKS_REMEMBERED = 3
SLOWED_TO = 0.7  # of the rate, at most once a second; what AWS's own SDKs choose in their adaptive mode
LOWEST_RATE = 10.0  # calls a second over all publishers
RECOVERY_SECONDS = 300.0  # from nothing to the whole quota, in a straight line
CLOCK_SET_BACK = 60.0  # a change that far in the future was written by a clock that has been set back since

Place = tuple[str, str]  # publisher account and region

log = structlog.get_logger()

LOOK = """
select live.publishers, now(), p.publisher_account, p.region, p.calls_per_second, p.changed_at
from (
  select count(*) as publishers from pg_locks
  where locktype = 'advisory' and granted and classid = %s and objsubid = 2
    and database = (select oid from pg_database where datname = current_database())
) live left join pace p on true
"""
READ = "select calls_per_second, changed_at, now() from pace where publisher_account = %s and region = %s"
# Two publishers that are throttled at once have read the same row, and only one of them still finds it.
LOWER = """
update pace set calls_per_second = %s, changed_at = now()
where publisher_account = %s and region = %s and changed_at = %s
"""
BEGIN = """
insert into pace (calls_per_second, publisher_account, region, changed_at) values (%s, %s, %s, now())
on conflict do nothing
"""
FORGET = """
delete from pace
where changed_at not between now() - make_interval(secs => %s) and now() + make_interval(secs => %s)
"""


def _quota() -> float:
    """Return the calls a second that AWS grants, 0 where nothing limits them."""
    return float(settings.PARTNER_CALLS_PER_SECOND)


def rate_at(stored: float, changed_at: datetime, now: datetime) -> float:
    """Return the calls per second that a rate lowered to `stored` at `changed_at` has recovered to at `now`."""
    quota = _quota()
    elapsed = (now - changed_at).total_seconds()
    if elapsed < -CLOCK_SET_BACK:
        return quota
    return min(quota, stored + quota * max(0.0, elapsed) / RECOVERY_SECONDS)


class Bucket:
    """This publisher's share of one place. It begins empty: at most what AWS's own bucket still holds.

    Ours fills no faster and no higher than AWS's, so a publisher that is restarted over and over never exceeds the
    quota; one that began with a burst, or with what it had left before another one published, would each time.
    """

    def __init__(self, since: float) -> None:
        self.calls = 0.0
        self._filled_at = since

    def fill(self, rate: float, burst: float, now: float) -> None:
        """Add what came in since the last time; `rate` in calls a second."""
        self.calls = min(burst, self.calls + rate * max(0.0, now - self._filled_at))
        self._filled_at = now


class Pace:
    """What one publisher session may call. For one thread; `clock` gives monotonic seconds."""

    def __init__(self, connection: psycopg.Connection, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._seen: deque[int] = deque(maxlen=LOOKS_REMEMBERED)
        self._lowered: dict[Place, float] = {}
        self._buckets: dict[Place, Bucket] = {}
        self._throttled_at: dict[Place, float] = {}
        self._steady_since = clock()
        self._is_present = False
        self.join()

    def join(self) -> None:
        """Take a share from now on, which the others learn of within a second."""
        if not self._is_present:
            self._is_present = True
            self._connection.execute("select pg_advisory_lock_shared(%s, 0)", [PACE_LOCK])
            # The others had the whole quota meanwhile: what was saved here may be spent.
            self._buckets.clear()
            self._seen.clear()
            self._steady_since = self._clock()
            self._look(self._steady_since)

    def leave(self) -> None:
        """Leave one's share to the others: for a publisher that has had nothing to do for a while."""
        if self._is_present:
            self._is_present = False
            self._connection.execute("select pg_advisory_unlock_shared(%s, 0)", [PACE_LOCK])

    def refresh(self) -> None:
        """Learn of the shared rates and of how many publishers live; asks the database at most once a second."""
        now = self._clock()
        if now - self._looked_at >= LOOK_EVERY:
            self._look(now)

    def take(self, publisher_account: str, region: str, calls: int) -> int:
        """Return how many of `calls` may be made now, and count them as made."""
        if not _quota():
            return calls
        bucket = self._filled((publisher_account, region))
        taken = max(0, min(calls, int(bucket.calls + 1e-6)))
        bucket.calls -= taken
        return taken

    def seconds_until(self, publisher_account: str, region: str) -> float:
        """Return in how many seconds one call may be made, as things stand."""
        if not _quota():
            return 0.0
        place = (publisher_account, region)
        return max(0.0, 1.0 - self._filled(place).calls) / self._share(place)

    def throttled(self, publisher_account: str, region: str) -> None:
        """AWS throttled a call: begin anew with an empty bucket, and lower the rate of all publishers.

        The calls of one slice are throttled together, so it is lowered at most once a second, whoever says so.
        """
        if not _quota():
            return
        place, now = (publisher_account, region), self._clock()
        self._filled(place).calls = 0.0
        if now - self._throttled_at.get(place, float("-inf")) >= LOOK_EVERY:
            self._throttled_at[place] = now
            self._lower(place)

    def _look(self, now: float) -> None:
        self._looked_at = now
        rows = self._connection.execute(LOOK, [PACE_LOCK]).fetchall()
        rates = {(account, region): rate_at(rate, at, today) for _, today, account, region, rate, at in rows if account}
        self._share_anew(rows[0][0], rates, now)
        if any(rate >= _quota() for rate in rates.values()):
            self._connection.execute(FORGET, [RECOVERY_SECONDS, CLOCK_SET_BACK])

    def _share_anew(self, publishers: int, lowered: dict[Place, float], now: float) -> None:
        for place in self._buckets:
            self._filled(place)  # what came in until now came at the old rate
        for place, rate in lowered.items():
            if rate < self._rate(place):  # another publisher was throttled: AWS's bucket is empty, whatever ours says
                self._filled(place).calls = 0.0
        before = self._publishers
        self._seen.append(publishers)
        if self._publishers != before:
            self._steady_since = now
        self._lowered = lowered

    def _lower(self, place: Place) -> None:
        row = self._connection.execute(READ, place).fetchone()
        if row is None:
            lowered = _slower(_quota())
            changed = self._connection.execute(BEGIN, [lowered, *place]).rowcount
        else:
            stored, changed_at, now = row
            if abs((now - changed_at).total_seconds()) < LOOK_EVERY:
                self._lowered[place] = stored
                return
            lowered = _slower(rate_at(stored, changed_at, now))
            changed = self._connection.execute(LOWER, [lowered, *place, changed_at]).rowcount
        self._lowered[place] = lowered
        if changed:
            log.warning("slowed down", publisher_account=place[0], region=place[1], calls_per_second=round(lowered, 1))

    @property
    def _publishers(self) -> int:
        return max([1, *self._seen])

    def _rate(self, place: Place) -> float:
        return self._lowered.get(place, _quota())

    def _share(self, place: Place) -> float:
        return self._rate(place) / self._publishers

    def _burst(self, place: Place) -> float:
        """Return the share of the burst; a lowered rate lowers it too. One call must always fit."""
        part = self._share(place) / _quota()
        return max(1.0, part * float(settings.PARTNER_CALLS_BURST))

    def _filled(self, place: Place) -> Bucket:
        """Return the bucket of a place; one that was not used yet has filled since the shares were last changed."""
        bucket = self._buckets.setdefault(place, Bucket(self._steady_since))
        bucket.fill(self._share(place), self._burst(place), self._clock())
        return bucket


def _slower(rate: float) -> float:
    return max(rate * SLOWED_TO, min(LOWEST_RATE, _quota()))
