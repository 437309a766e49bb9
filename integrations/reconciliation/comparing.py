"""Comparing: what a complete listing says about our rows. Names are compared whole: AWS lists by prefix."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.reconciliation.drifts import note_drift
from integrations.reconciliation.models import Drift, Listing, Survey
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.observation import LIST_MAY_LAG


def compare(survey: Survey, now: datetime) -> None:
    """Mark the names to ask about, and note what is here and was not listed. Belongs into a transaction.

    A ghost's row may just be old: the source is made due, and AWS's word on it decides what it is.
    """
    listed = Listing.objects.filter(survey=survey, run=survey.run)
    known = _ours(survey).filter(name=OuterRef("name"))
    is_fine = known.filter(observed__in=[Observed.PENDING, Observed.ACTIVE, Observed.UNKNOWN], failure_final=False)
    listed.update(to_ask=~Exists(is_fine))
    here = _ours(survey).exclude(desired=Desired.ABSENT).filter(provisioned_at__lt=_since(survey))
    ghosts = here.filter(~Exists(listed.filter(name=OuterRef("name"))))
    for source in ghosts.iterator(chunk_size=500):
        note_drift(survey, Drift.Kind.GHOST, source.name, [], source, now)
    stale = Q(observed__in=[Observed.PENDING, Observed.ACTIVE], due_at__gt=now)
    Source.objects.filter(stale, pk__in=ghosts.values("pk")).update(due_at=now)


def judge(survey: Survey, name: str, accounts: list[str], now: datetime) -> None:
    """Note what it means that AWS offers this name to these accounts."""
    source = _ours(survey).filter(name=name).first()
    if not accounts:
        return
    if source is None:
        note_drift(survey, Drift.Kind.ORPHAN, name, accounts, None, now)
    elif source.account not in accounts:
        note_drift(survey, Drift.Kind.FOREIGN, name, accounts, source, now)
    elif source.provisioned_at is not None:
        Source.objects.filter(pk=source.pk, due_at__gt=now).update(due_at=now)  # AWS has it: our word is old


def _ours(survey: Survey) -> QuerySet[Source]:
    """Return the rows that claim a name; one that is being deleted does until AWS has confirmed it."""
    claims = ~Q(desired=Desired.ABSENT) | Q(due_at__isnull=False)
    return Source.objects.filter(
        claims, environment_id=survey.environment_id, region=survey.region, account__isnull=False
    )


def _since(survey: Survey) -> datetime:
    assert survey.started_at is not None
    return survey.started_at - LIST_MAY_LAG
