"""Breakers: an environment's publishing in one region stops when AWS refuses our credentials or cannot be reached.

While a breaker is open exactly one publisher at a time may try: whoever moved `retry_at`. `tries` numbers these probes,
so that a call which began earlier cannot close what it did not test.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from integrations.registration.models import Breaker, Environment

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)
PROBE_LIFETIME = timedelta(seconds=30)  # a prober that was killed is followed by the next one after this
MOST_TRIES = 32_767  # a smallint, which an account that stays refused fills within two months: then it counts anew


def open_breaker(*, environment: Environment, region: str, code: str, message: str, now: datetime) -> None:
    """Open the breaker, or, when it is open, push its next retry further into the future."""
    breaker, opened = Breaker.objects.get_or_create(
        environment=environment,
        region=region,
        defaults={"opened_at": now, "retry_at": now + FIRST_RETRY, "code": code, "message": message[:2000]},
    )
    if not opened:
        pause = min(FIRST_RETRY * 2 ** min(breaker.tries, 10), LONGEST_RETRY)
        Breaker.objects.filter(pk=breaker.pk).update(
            retry_at=now + pause, tries=F("tries") % MOST_TRIES + 1, code=code, message=message[:2000]
        )


def claim_probe(*, environment_id: int, region: str, now: datetime) -> int | None:
    """Claim the one call that may test an open breaker; return its number, or None when it is not due or not open.

    Exactly one of several callers gets it. It closes the breaker by `close_breaker` or lets it be by `open_breaker`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "update registration_breaker set retry_at = %s, tries = tries %% %s + 1"
            " where environment_id = %s and region = %s and retry_at <= %s returning tries",
            [now + PROBE_LIFETIME, MOST_TRIES, environment_id, region, now],
        )
        claimed = cursor.fetchone()
    return int(claimed[0]) if claimed else None


def close_breaker(*, environment_id: int, region: str, tries: int) -> bool:
    """Close the breaker after the probe of this number succeeded; return False when a later one has replaced it."""
    return Breaker.objects.filter(environment_id=environment_id, region=region, tries=tries).delete()[0] > 0
