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


def overdue_stages(now: datetime) -> QuerySet[Stage]:
    """Return the stages that are open, not done and past their day, the longest overdue first."""
    opened = Stage.objects.filter(opened_at__isnull=False, integration__profile__archived_at=None)
    return opened.exclude(state=Stage.State.DONE).filter(due_on__lt=now.date()).order_by("due_on", "pk")


def lost_items() -> QuerySet[ChecklistItem]:
    """Return the items whose proof has ceased to hold, the longest lost first."""
    return _items().filter(state=ChecklistItem.State.LOST).order_by("lost_at", "pk")


def overdue_items(now: datetime) -> QuerySet[ChecklistItem]:
    """Return the open items of open stages that are past their day, the longest overdue first."""
    opened = _items().filter(state=ChecklistItem.State.OPEN, stage__opened_at__isnull=False)
    return opened.filter(due_on__lt=now.date()).order_by("due_on", "pk")


def unsent_letters() -> QuerySet[Letter]:
    """Return the letters that the mail server did not take."""
    return _letters().exclude(failure="").exclude(state=Letter.State.SENT).order_by("pk")


def unanswered_letters(now: datetime) -> QuerySet[Letter]:
    """Return the letters whose answer is late. A reminder carries the wait on."""
    sent = _letters().filter(state=Letter.State.SENT, answer_expected_on__lt=now.date(), answers=None)
    return sent.filter(reminders=None).exclude(kind=Letter.Kind.EVIDENCE).order_by("pk")


def waiting_work(now: datetime) -> list[Work]:
    """Return everything that is overdue, has ceased to hold, failed or waits for an answer too long. Five queries."""
    return [*_of_stages(now), *_of_items(now), *_of_letters(now)]


def _of_stages(now: datetime) -> Iterator[Work]:
    for stage in overdue_stages(now).select_related("integration__profile__lead")[:MOST]:
        yield Work(
            Why.STAGE_OVERDUE,
            f"{Why.STAGE_OVERDUE}:{stage.pk}:{stage.due_on}",
            stage.integration,
            stage.number,
            f"Stage {stage.number} is overdue",
            stage.integration.profile.lead,
            due_on=stage.due_on,
        )


def _of_items(now: datetime) -> Iterator[Work]:
    related = ("assignee", "stage__integration__profile__lead")
    for item in lost_items().select_related(*related).defer("evidence")[:MOST]:
        yield _of_item(Why.ITEM_LOST, item, f"No longer holds: {item.title}", f"{item.pk}:{item.lost_at}")
    for item in overdue_items(now).select_related(*related).defer("evidence")[:MOST]:
        yield _of_item(Why.ITEM_OVERDUE, item, f"Overdue: {item.title}", f"{item.pk}:{item.due_on}")


def _of_letters(now: datetime) -> Iterator[Work]:
    for letter in unsent_letters().select_related("integration__profile__lead")[:MOST]:
        yield _of_letter(Why.LETTER_FAILED, letter, f"Not sent: {letter.subject}", str(letter.tries == 0))
    for letter in unanswered_letters(now).select_related("integration__profile__lead")[:MOST]:
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


def _items() -> QuerySet[ChecklistItem]:
    return ChecklistItem.objects.filter(stage__integration__profile__archived_at=None)


def _letters() -> QuerySet[Letter]:
    return Letter.objects.filter(integration__profile__archived_at=None)
