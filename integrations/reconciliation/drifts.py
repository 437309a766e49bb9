"""Drift: differences between AWS and us, as they are found, seen again and resolved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from integrations.problems import Problem
from integrations.reconciliation.models import Drift, Survey
from integrations.sources.models import Source


def note_drift(
    survey: Survey, kind: Drift.Kind, name: str, accounts: list[str], source: Source | None, now: datetime
) -> None:
    """Write down that a difference was seen, for the first time or again."""
    drift, is_new = Drift.objects.get_or_create(
        environment_id=survey.environment_id,
        region=survey.region,
        name=name,
        resolved_at=None,
        defaults={
            "kind": kind,
            "accounts": accounts,
            "source": source,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if not is_new:
        changed: dict[str, Any] = {"kind": kind, "accounts": accounts, "source": source, "last_seen_at": now}
        if drift.kind != kind or drift.accounts != accounts:
            # What somebody decided was decided about something else.
            changed |= {"wanted": "", "due_at": None, "failure": "", "tries": 0}
        Drift.objects.filter(pk=drift.pk).update(**changed)


def resolve_unseen(survey: Survey, now: datetime) -> int:
    """Resolve what the finished survey has not seen any more."""
    unseen = Drift.objects.filter(
        environment_id=survey.environment_id,
        region=survey.region,
        resolved_at=None,
        last_seen_at__lt=survey.started_at,
    )
    return unseen.update(resolved_at=now, resolution="not found any more", due_at=None)


def resolve(drift: Drift, how: str, now: datetime) -> None:
    """Resolve one by what was done about it."""
    Drift.objects.filter(pk=drift.pk).update(resolved_at=now, resolution=how, due_at=None, failure="")


def open_drifts() -> QuerySet[Drift]:
    """Return what is open, newest first."""
    return (
        Drift.objects.filter(resolved_at=None)
        .select_related("environment__integration", "source__tenant")
        .order_by("-public_id")
    )


def drift_of(public_id: UUID) -> Drift:
    """Return one by its id. Raises Problem 404 `drift_unknown`."""
    drift = Drift.objects.select_related("environment__integration", "source__tenant").filter(public_id=public_id)
    if found := drift.first():
        return found
    raise Problem(404, "drift_unknown", "There is no such drift.")
