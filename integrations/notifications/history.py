"""Reading histories: which changes of sources, and which reminders, somebody should hear of.

A history is read by its ids from where the last sweep came to. Ids are taken before a commit, so what is younger than
SETTLED is read again and again; the cause of a notice is unique, so nobody hears of it twice.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db.models import Max, Model, QuerySet

from integrations.notifications.kinds import Kind
from integrations.notifications.models import Progress
from integrations.notifications.occurrence import Occurrence, facts_of
from integrations.sources.models import Desired, ExpiryReminder, Observed, SourceChange

SETTLED = timedelta(minutes=5)  # no transaction of ours lives that long
MOST = 1_000  # rows of one sweep; the next goes on

Row = TypeVar("Row", bound=Model)
ENDED = (Observed.NONE, Observed.DELETED)


def changes_of_sources(now: datetime) -> Iterator[Occurrence]:
    """Yield what the unread history of sources tells; `settle` moves the mark afterwards."""
    rows = unread("source_changes", SourceChange.objects.filter(source__account__isnull=False)).select_related(
        "source__tenant", "source__environment__integration"
    )
    for change in rows:
        kind = kind_of(change)
        if kind is not None and change.source.tenant.closed_at is None:
            facts = facts_of(change.source) | {"before": change.before, "note": change.note}
            yield Occurrence(kind, f"source-change:{change.pk}", change.at, source=change.source, facts=facts)


def reminders_of_expiry(now: datetime) -> Iterator[Occurrence]:
    """Yield the steps of the ladder towards the end of an offer, unless it was accepted or ended meanwhile."""
    rows = unread("expiry_reminders", ExpiryReminder.objects.all()).select_related(
        "source__tenant", "source__environment__integration"
    )
    for reminder in rows:
        source = reminder.source
        if source.observed == Observed.PENDING and source.tenant.closed_at is None:
            until = f"{reminder.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            facts = facts_of(source) | {"hours": reminder.hours, "expires_at": until}
            yield Occurrence(Kind.EXPIRING, f"expiry-reminder:{reminder.pk}", reminder.at, source=source, facts=facts)


def kind_of(change: SourceChange) -> Kind | None:
    """Return what a change means to people, or None where nobody has to hear of it."""
    if change.field == "state" and change.after == "requested":
        return Kind.REPROVISIONED
    if change.field != "observed" or change.source.desired == Desired.ABSENT:
        return None  # who deletes a source knows it
    if change.after == Observed.ACTIVE:
        return Kind.RECOVERED if _was_active_before(change) else Kind.ACTIVATED
    if change.cause == SourceChange.Cause.EXPIRY or change.after in ENDED:
        return Kind.EXPIRED
    return Kind.FAILING if change.before == Observed.ACTIVE else None


def unread(history: str, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return the rows of a history that were not settled at the last sweep, oldest first, at most MOST."""
    seen = Progress.objects.filter(pk=history).values_list("seen", flat=True).first() or 0
    return rows.filter(pk__gt=seen).order_by("pk")[:MOST]


def settle(history: str, model: type[Model], now: datetime) -> None:
    """Move the mark to the last row that is old enough and was read."""
    seen = Progress.objects.filter(pk=history).values_list("seen", flat=True).first() or 0
    read = model._default_manager.filter(pk__gt=seen).order_by("pk")[:MOST]
    last = model._default_manager.filter(pk__in=read.values("pk"), at__lt=now - SETTLED).aggregate(last=Max("pk"))[
        "last"
    ]
    if last:
        Progress.objects.update_or_create(history=history, defaults={"seen": last})


def _was_active_before(change: SourceChange) -> bool:
    return SourceChange.objects.filter(
        source=change.source_id, field="observed", after=Observed.ACTIVE, pk__lt=change.pk
    ).exists()
