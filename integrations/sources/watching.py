"""Watching: somebody looks at a source that waits for AWS, so AWS is asked about it every few seconds."""

from datetime import datetime, timedelta

from django.db.models import Case, F, Q, When
from django.db.models.functions import Least

from integrations.sources.models import Desired, Observed, Source

WATCH = timedelta(seconds=30)
RENEW_BEFORE = timedelta(seconds=15)
WAITING = (Observed.UNKNOWN, Observed.PENDING)


def watch(source: Source, now: datetime) -> bool:
    """Note that a page with this source is open, for half a minute; return whether that was news.

    Cheap enough for every refresh of a page: one update, of at most one row in 15 seconds, and none of a source that
    waits for nothing. The pauses between calls that fail are left alone.
    """
    if source.observed not in WAITING:
        return False
    is_waiting = Q(observed__in=WAITING) & ~Q(desired=Desired.ABSENT) & Q(due_at__isnull=False)
    is_old = Q(watched_until=None) | Q(watched_until__lt=now + RENEW_BEFORE) | Q(watched_until__gt=now + 2 * WATCH)
    may_be_asked = Q(provisioned_at__isnull=False, tries=0)
    return bool(
        Source.objects.filter(is_waiting & is_old, pk=source.pk, account__isnull=False).update(
            watched_until=now + WATCH,
            due_at=Case(When(may_be_asked, then=Least(F("due_at"), now)), default=F("due_at")),
        )
    )


def is_watched(source: Source, now: datetime) -> bool:
    """Return whether somebody looks at the source while it waits for AWS's next word."""
    return source.observed in WAITING and source.watched_until is not None and source.watched_until > now
