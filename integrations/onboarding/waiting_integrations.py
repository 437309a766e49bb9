"""Which integrations have something overdue or waiting, counted in one query: for pages that show much else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from integrations.onboarding.waiting_work import (
    lost_items,
    overdue_items,
    overdue_stages,
    unanswered_letters,
    unsent_letters,
)
from integrations.registration.models import Integration

MOST = 50


@dataclass(frozen=True, slots=True)
class WaitingIntegration:
    """An integration with what waits in it; `late_stage` is the one that is overdue the longest."""

    public_id: UUID
    name: str
    late_stage: int | None
    stage_due_on: date | None
    lost: int
    late_items: int
    unsent: int
    unanswered: int

    @property
    def says(self) -> list[str]:
        """What waits, in words that stand behind one another."""
        return list(self._said())

    def _said(self) -> Iterator[str]:
        if self.stage_due_on:
            yield f"stage {self.late_stage} was due on {self.stage_due_on:%d %b %Y}"
        if self.unsent:
            yield "a letter could not be sent" if self.unsent == 1 else f"{self.unsent} letters could not be sent"
        if self.lost:
            yield "an item no longer holds" if self.lost == 1 else f"{self.lost} items no longer hold"
        if self.late_items:
            yield "an item is overdue" if self.late_items == 1 else f"{self.late_items} items are overdue"
        if self.unanswered:
            yield "AWS owes an answer" if self.unanswered == 1 else f"AWS owes {self.unanswered} answers"


def waiting_integrations(now: datetime) -> list[WaitingIntegration]:
    """Return the integrations in which something waits, those with a stage that is overdue first. One query."""
    counts = {
        "lost": _count(lost_items(), "stage__integration"),
        "late_items": _count(overdue_items(now), "stage__integration"),
        "unsent": _count(unsent_letters(), "integration"),
        "unanswered": _count(unanswered_letters(now), "integration"),
    }
    late = overdue_stages(now).filter(integration=OuterRef("pk"))
    rows = Integration.objects.filter(profile__archived_at=None, profile__isnull=False).annotate(
        late_stage=Subquery(late.values("number")[:1]), stage_due_on=Subquery(late.values("due_on")[:1]), **counts
    )
    fields = ("public_id", "name", "late_stage", "stage_due_on", *counts)
    found = (WaitingIntegration(*row) for row in rows.order_by("stage_due_on", "name", "pk").values_list(*fields))
    return [each for each in found if each.says][:MOST]


def _count(rows: QuerySet[Any], owner: str) -> Coalesce:
    """Count the rows of one integration, which the outer query names."""
    mine = rows.filter(**{owner: OuterRef("pk")}).order_by().values(owner)
    return Coalesce(Subquery(mine.annotate(found=Count("pk")).values("found"), output_field=IntegerField()), 0)
