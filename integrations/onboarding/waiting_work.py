"""Overdue and waiting work: what somebody has to be told of. The board, the overview and notifications ask here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import QuerySet

from integrations.onboarding.models import ChecklistItem, Letter, Stage
from integrations.registration.models import Integration
from tenants.models import User

MOST = 200  # of each kind


class Why(StrEnum):
    """What kind of work it is."""

    STAGE_OVERDUE = "stage_overdue"
    ITEM_OVERDUE = "item_overdue"
    ITEM_LOST = "item_lost"
    LETTER_FAILED = "letter_failed"
    ANSWER_OVERDUE = "answer_overdue"


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that waits. `person` is who is to be told: the assignee, or who leads the integration; maybe nobody.

    `key` names it for as long as it waits, so that nobody is told twice.
    """

    why: Why
    key: str
    integration: Integration
    stage: int
    title: str
    person: User | None
    since: datetime | None = None
    due_on: date | None = None
    item: ChecklistItem | None = None
    letter: Letter | None = None


def overdue_stages(now: datetime) -> list[Stage]:
    """Return the stages that are open, not done and past their day, the longest overdue first."""
    return list(_stages().filter(due_on__lt=now.date()).order_by("due_on", "pk")[:MOST])


def waiting_work(now: datetime) -> list[Work]:
    """Return everything that is overdue, has ceased to hold, failed or waits for an answer too long. Four queries."""
    return [*_overdue_stages(now), *_lost_items(), *_overdue_items(now), *_letters(now)]


def _overdue_stages(now: datetime) -> Iterator[Work]:
    for stage in overdue_stages(now):
        key = f"{Why.STAGE_OVERDUE}:{stage.pk}:{stage.due_on}"
        title = f"Stage {stage.number} is overdue"
        yield Work(
            Why.STAGE_OVERDUE,
            key,
            stage.integration,
            stage.number,
            title,
            stage.integration.profile.lead,
            due_on=stage.due_on,
        )


def _lost_items() -> Iterator[Work]:
    for item in _items().filter(state=ChecklistItem.State.LOST).order_by("lost_at", "pk")[:MOST]:
        yield _of_item(Why.ITEM_LOST, item, f"No longer holds: {item.title}", f"{item.pk}:{item.lost_at}")


def _overdue_items(now: datetime) -> Iterator[Work]:
    late = _items().filter(due_on__lt=now.date(), state=ChecklistItem.State.OPEN, stage__opened_at__isnull=False)
    for item in late.order_by("due_on", "pk")[:MOST]:
        yield _of_item(Why.ITEM_OVERDUE, item, f"Overdue: {item.title}", f"{item.pk}:{item.due_on}")


def _letters(now: datetime) -> Iterator[Work]:
    letters = Letter.objects.filter(integration__profile__archived_at=None)
    letters = letters.select_related("integration__profile__lead")
    for letter in letters.exclude(failure="").exclude(state=Letter.State.SENT).order_by("pk")[:MOST]:
        yield _of_letter(Why.LETTER_FAILED, letter, f"Not sent: {letter.subject}", str(letter.tries == 0))
    silent = letters.filter(state=Letter.State.SENT, answer_expected_on__lt=now.date(), answers=None)
    # A reminder carries the wait on.
    for letter in silent.filter(reminders=None).exclude(kind=Letter.Kind.EVIDENCE).order_by("pk")[:MOST]:
        yield _of_letter(Why.ANSWER_OVERDUE, letter, f"No answer yet: {letter.subject}", str(letter.answer_expected_on))


def _of_item(why: Why, item: ChecklistItem, title: str, key: str) -> Work:
    integration = item.stage.integration
    return Work(
        why,
        f"{why}:{key}",
        integration,
        item.stage.number,
        title,
        item.assignee or integration.profile.lead,
        since=item.lost_at,
        due_on=item.due_on,
        item=item,
    )


def _of_letter(why: Why, letter: Letter, title: str, key: str) -> Work:
    lead = letter.integration.profile.lead
    due_on = letter.answer_expected_on
    key = f"{why}:{letter.pk}:{key}"
    return Work(why, key, letter.integration, letter.stage, title, lead, due_on=due_on, letter=letter)


def _stages() -> QuerySet[Stage]:
    stages = Stage.objects.filter(opened_at__isnull=False, integration__profile__archived_at=None)
    return stages.exclude(state=Stage.State.DONE).select_related("integration__profile__lead")


def _items() -> QuerySet[ChecklistItem]:
    items = ChecklistItem.objects.filter(stage__integration__profile__archived_at=None)
    return items.select_related("assignee", "stage__integration__profile__lead").defer("evidence")
