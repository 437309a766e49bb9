"""The demo's traffic while it runs: some events every few seconds, so that its figures live.

It rests when nobody has signed in for hours, so that a forgotten demo does not fill a disk.
"""

from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from dashboard.demo import DemoRefused
from dashboard.demo.customers import ALDER, CUSTOMERS
from dashboard.demo.loading import SLUG, is_loaded
from dashboard.demo.permission import simulator_address
from dashboard.demo.traffic import post_any
from integrations.registration.models import Environment
from tenants.models import User

RESTS_AFTER = timedelta(hours=8)
# The one that is connected has most of it.
EACH_TIME = [ALDER.external_id] * 3


@shared_task
def feed_demo() -> None:
    """Post a few events of the demo's tenants, where the demo world is loaded and somebody may be looking."""
    now = timezone.now()
    if settings.DEMO_TRAFFIC and _is_demo() and is_loaded() and somebody_was_here(now):
        turn = CUSTOMERS[int(now.timestamp() / 10) % len(CUSTOMERS)]
        post_any(_environment(), [*EACH_TIME, turn.external_id], now=now)


def somebody_was_here(now: datetime) -> bool:
    """Return whether the world was made, or somebody signed in, not long ago."""
    long_ago = now - RESTS_AFTER
    return (
        User.objects.filter(last_login__gt=long_ago).exists()
        or not User.objects.filter(created_at__lte=long_ago).exists()
    )


def _is_demo() -> bool:
    try:
        simulator_address()
    except DemoRefused:
        return False
    return True


def _environment() -> Environment:
    return Environment.objects.get(integration__slug=SLUG, kind=Environment.Kind.TEST)
