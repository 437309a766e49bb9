"""The budget of control-plane calls: so many a second for a publisher account and region, over all processes.

AWS allows 50 a second, to everything that the account does. A row is a bucket: `free_at` runs ahead of the clock by as
much as was spent, and nothing is given while it is a second ahead.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

BURST = timedelta(seconds=1)
FURTHEST = timedelta(minutes=1)  # a bucket further ahead was written by a clock that has been set back since

TAKE = """
insert into sources_budget as b (publisher_account, region, free_at)
values (%(account)s, %(region)s, %(now)s + make_interval(secs => %(cost)s))
on conflict (publisher_account, region) do update
set free_at = case when b.free_at between %(now)s and %(furthest)s then b.free_at else %(now)s end
              + make_interval(secs => %(cost)s)
where b.free_at <= %(latest)s or b.free_at > %(furthest)s
returning free_at
"""
SPEND = """
update sources_budget set free_at = free_at + make_interval(secs => %s)
where publisher_account = %s and region = %s
"""
FREE_AT = "select free_at from sources_budget where publisher_account = %s and region = %s"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What AWS counts calls by."""

    publisher_account: str
    region: str


def take(place: Place, now: datetime) -> bool:
    """Take one call out of the bucket; return False when it is empty."""
    if not settings.CONTROL_CALLS_PER_SECOND:
        return True
    parameters: dict[str, str | float | datetime] = {
        "account": place.publisher_account,
        "region": place.region,
        "now": now,
        "cost": _seconds(1),
        "latest": now + _slack(),
        "furthest": now + FURTHEST,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, parameters)
        return cursor.fetchone() is not None


def spend(place: Place, calls: int) -> None:
    """Count calls that were made, or with a negative number not made, beyond what was taken."""
    if calls and settings.CONTROL_CALLS_PER_SECOND:
        with connection.cursor() as cursor:
            cursor.execute(SPEND, [_seconds(calls), place.publisher_account, place.region])


def seconds_until_free(place: Place, now: datetime) -> float:
    """Return how long the next call has to wait at least."""
    with connection.cursor() as cursor:
        cursor.execute(FREE_AT, [place.publisher_account, place.region])
        row = cursor.fetchone()
    if row is None or not settings.CONTROL_CALLS_PER_SECOND:
        return 0.0
    free_at: datetime = row[0]
    return max((free_at - now - _slack()).total_seconds(), 0.0)


def _seconds(calls: int) -> float:
    return calls / float(settings.CONTROL_CALLS_PER_SECOND)


def _slack() -> timedelta:
    """Return how far a bucket may be ahead for one more call."""
    return max(BURST - timedelta(seconds=_seconds(1)), timedelta(0))
