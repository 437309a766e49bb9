"""Claims: who takes a source's next step. A claim moves the due time ahead; a dead claimer's row falls due again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from integrations.sources.budget import Place
from integrations.sources.models import Desired, Source

CLAIM = timedelta(minutes=1)  # longer than the longest step: two calls with their time-outs and repetitions
FURTHEST = timedelta(hours=2)


def _urgency(now: datetime) -> Case:
    """First what somebody waits for at this moment, then what is wanted, at last the regular look at the others.

    The first must not stand behind ten thousand sources that are provisioned again.
    """
    at_once = Q(suspect_since__isnull=False) | Q(opens_at__isnull=False) | Q(watched_until__gt=now)
    wanted = Q(provisioned_at=None) | Q(desired=Desired.ABSENT)
    return Case(
        When(at_once, then=Value(0)), When(wanted, then=Value(1)), default=Value(2), output_field=IntegerField()
    )


def due(now: datetime) -> QuerySet[Source]:
    """Return the sources whose next step with AWS is due, the urgent ones first."""
    # Later than any pause: written by a clock that has been set back since.
    is_due = Q(due_at__lte=now) | Q(due_at__gt=now + FURTHEST)
    return Source.objects.filter(is_due, account__isnull=False).order_by(_urgency(now), "due_at")


def claim_next(now: datetime, *, place: Place | None = None, integration: int | None = None) -> Source | None:
    """Claim the next due source for a minute, or return None. Two callers never get the same."""
    mine = due(now)
    if place is not None:
        mine = mine.filter(environment__publisher_account=place.publisher_account, region=place.region)
    if integration is not None:
        mine = mine.filter(environment__integration_id=integration)
    with transaction.atomic():
        source = (
            mine.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("environment").first()
        )
        if source is not None:
            source.due_at = now + CLAIM
            source.save(update_fields=["due_at"])
    return source


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
