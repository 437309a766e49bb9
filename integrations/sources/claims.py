"""Claims: who takes a source's next step. A claim moves the due time ahead; a dead claimer's row falls due again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from integrations.sources.models import Desired, Source

CLAIM = timedelta(minutes=1)  # longer than the longest step: two calls with their time-outs and repetitions
FURTHEST = timedelta(hours=2)

# Somebody waits for these; the regular look at sources that work can be late.
_URGENT = Case(
    When(
        Q(provisioned_at=None) | Q(desired=Desired.ABSENT) | Q(suspect_since__isnull=False) | Q(opens_at__isnull=False),
        then=Value(0),
    ),
    default=Value(1),
    output_field=IntegerField(),
)


def due(now: datetime) -> QuerySet[Source]:
    """Return the sources whose next step with AWS is due, the urgent ones first."""
    # Later than any pause: written by a clock that has been set back since.
    is_due = Q(due_at__lte=now) | Q(due_at__gt=now + FURTHEST)
    return Source.objects.filter(is_due, account__isnull=False).order_by(_URGENT, "due_at")


def claim_next(now: datetime) -> Source | None:
    """Claim the next due source for a minute, or return None. Two callers never get the same."""
    with transaction.atomic():
        source = (
            due(now)
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("environment")
            .first()
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
