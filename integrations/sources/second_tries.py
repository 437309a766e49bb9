"""A second try at once, where somebody has mended what AWS refused."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least

from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Desired, Source


def try_again(*, environment: Environment, now: datetime) -> None:
    """Let the environment's open breakers be tested now, and what could not be made or deleted behind them."""
    with transaction.atomic():
        open_ones = Breaker.objects.filter(environment=environment)
        regions = list(open_ones.values_list("region", flat=True))
        open_ones.update(retry_at=Least(F("retry_at"), now))
        stuck = Q(provisioned_at=None) | Q(desired=Desired.ABSENT)
        waiting = Source.objects.filter(stuck, environment=environment, region__in=regions, due_at__gt=now)
        waiting.update(due_at=now)
