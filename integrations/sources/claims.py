"""Claims: who takes a source's next step. A claim moves the due time ahead; a dead claimer's row falls due again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.sources.budget import Place
from integrations.sources.models import Desired, Source

CLAIM = timedelta(minutes=1)  # longer than the longest step: two calls with their time-outs and repetitions
FURTHEST = timedelta(hours=2)


def _turns(now: datetime) -> tuple[Q, ...]:
    """First what somebody waits for at this moment, then what is wanted, at last the regular look at the others.

    The first must not stand behind ten thousand sources that are provisioned again.
    """
    past = Q(due_at__lte=now)
    at_once = Q(suspect_since__isnull=False) | Q(opens_at__isnull=False) | Q(watched_until__gt=now)
    wanted = Q(provisioned_at=None) | Q(desired=Desired.ABSENT)
    return past & at_once, past & wanted, past, _from_the_future(now)


def _from_the_future(now: datetime) -> Q:
    """Later than any pause: written by a clock that has been set back since."""
    return Q(due_at__gt=now + FURTHEST)


def due(now: datetime) -> QuerySet[Source]:
    """Return the sources whose next step with AWS is due."""
    return Source.objects.filter(Q(due_at__lte=now) | _from_the_future(now), account__isnull=False)


def claim_next(now: datetime, *, place: Place | None = None, integration: int | None = None) -> Source | None:
    """Claim the next due source for a minute, or return None. Two callers never get the same."""
    mine = Source.objects.filter(account__isnull=False)
    if place is not None:
        mine = mine.filter(environment__publisher_account=place.publisher_account, region=place.region)
    if integration is not None:
        mine = mine.filter(environment__integration_id=integration)
    mine = mine.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("environment")
    with transaction.atomic():
        # A question for each turn and not one order for all: that would sort everything due for every claim.
        for turn in _turns(now):
            source = mine.filter(turn).order_by("due_at").first()
            if source is not None:
                source.due_at = now + CLAIM
                source.save(update_fields=["due_at"])
                return source
    return None


def lock_claimed(claimed: Source) -> Source | None:
    """Return the row as it is now, locked for the rest of the transaction that commits a step's outcome.

    None when the outcome is outdated: we want something else by now (whoever changed that made the row due), or
    another worker, to whom a slow claim fell, has provisioned it.
    """
    current = (
        Source.objects.select_for_update(no_key=True, of=("self",)).select_related("environment").get(pk=claimed.pk)
    )
    outdated = current.intent != claimed.intent or current.provisioned_at != claimed.provisioned_at
    return None if outdated else current
