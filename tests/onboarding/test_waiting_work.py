"""What is overdue or waits, who is told, and where it stands on the board."""

from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from integrations.onboarding.assignments import assign_item, candidate, hand_over
from integrations.onboarding.board import board_of, next_of
from integrations.onboarding.letters import draft_letter, queue_letter, record_answer, record_sent_by_hand
from integrations.onboarding.models import ChecklistItem, Letter, Profile, Stage, TimelineEntry
from integrations.onboarding.profiles import archive
from integrations.onboarding.request_letter import draft_reminder, mail_client_link
from integrations.onboarding.stage_order import close, open_early, reopen, set_due
from integrations.onboarding.stages import complete_item
from integrations.onboarding.waiting_integrations import waiting_integrations
from integrations.onboarding.waiting_work import Why, overdue_stages, waiting_work
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import AuditEntry, User
from tests.onboarding.conftest import NOW, SYSTEM

YESTERDAY = NOW.date() - timedelta(days=1)
LATER = NOW + timedelta(days=9)


@pytest.fixture
def lead(integration: Integration, manager: Actor) -> User:
    person = User.objects.get(email="manager@example.com")
    Profile.objects.update(lead=person)
    return person


def item_of(integration: Integration, key: str) -> ChecklistItem:
    return ChecklistItem.objects.get(stage__integration=integration, key=key)


def sent(integration: Integration, manager: Actor, **fields: Any) -> Letter:
    letter = draft_letter(
        integration=integration,
        stage=1,
        kind=Letter.Kind.REQUEST,
        subject="Request & more",
        body="a=1&b\nGrüße",
        actor=manager,
        now=NOW,
        **fields,
    )
    return record_sent_by_hand(letter=letter, version=1, sent_at=NOW, actor=manager, now=NOW)


def whys(now: Any = NOW) -> list[tuple[Why, str | None]]:
    return [(work.why, work.person.email if work.person else None) for work in waiting_work(now)]


def test_nothing_waits_at_the_beginning(integration: Integration) -> None:
    assert waiting_work(NOW) == []


def test_an_overdue_stage_is_told_to_the_lead_until_it_is_done(integration: Integration, lead: User) -> None:
    stage = integration.stages.get(number=1)
    set_due(stage=stage, due_on=YESTERDAY, version=1, actor=SYSTEM, now=NOW)
    assert [each.pk for each in overdue_stages(NOW)] == [stage.pk]
    assert whys() == [(Why.STAGE_OVERDUE, lead.email)]
    Stage.objects.filter(pk=stage.pk).update(state="done")
    assert list(overdue_stages(NOW)) == []


def test_a_stage_whose_turn_has_not_come_is_not_overdue(integration: Integration) -> None:
    set_due(stage=integration.stages.get(number=3), due_on=YESTERDAY, version=1, actor=SYSTEM, now=NOW)
    assert list(overdue_stages(NOW)) == []


def test_an_overdue_item_is_told_to_its_assignee_and_a_lost_one_too(integration: Integration, lead: User) -> None:
    other = User.objects.create_user("other@example.com", staff_role="operations")
    item = item_of(integration, "domain-owned")
    assign_item(item=item, assignee=other, due_on=YESTERDAY, version=1, actor=SYSTEM, now=NOW)
    ChecklistItem.objects.filter(key="receiver-named").update(state="lost", lost_at=NOW)
    assert whys() == [(Why.ITEM_LOST, lead.email), (Why.ITEM_OVERDUE, other.email)]


def test_an_answer_that_is_late_waits_until_it_comes_or_a_reminder_is_written(
    integration: Integration, manager: Actor, lead: User
) -> None:
    letter = sent(integration, manager)
    assert whys() == []
    assert whys(LATER) == [(Why.ANSWER_OVERDUE, lead.email)]
    reminder = draft_reminder(letter=letter, actor=manager, now=LATER)
    assert "> a=1&b" in reminder.body
    assert whys(LATER) == []
    record_answer(letter=letter, received_at=LATER, sender="Ana", text="Done", actor=manager, now=LATER)
    assert whys(LATER) == []


def test_a_letter_that_cannot_be_sent_waits(integration: Integration, manager: Actor, lead: User) -> None:
    letter = draft_letter(
        integration=integration, stage=1, kind=Letter.Kind.OTHER, subject="x", body="y", actor=manager, now=NOW
    )
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    Letter.objects.update(failure="The mail server cannot be reached.")
    assert whys() == [(Why.LETTER_FAILED, lead.email)]
    archive(integration=integration, archived=True, reason="", actor=manager, now=NOW)
    assert whys() == []


def test_each_integration_says_in_one_line_what_waits_in_it(
    integration: Integration,
    manager: Actor,
    lead: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    assert waiting_integrations(NOW) == []
    set_due(stage=integration.stages.get(number=1), due_on=YESTERDAY, version=1, actor=SYSTEM, now=NOW)
    sent(integration, manager)
    ChecklistItem.objects.filter(key__in=["receiver-named", "contacts-named"]).update(state="lost", lost_at=NOW)
    ChecklistItem.objects.filter(key="domain-owned").update(due_on=YESTERDAY)
    failed = draft_letter(
        integration=integration, stage=1, kind=Letter.Kind.OTHER, subject="x", body="y", actor=manager, now=NOW
    )
    Letter.objects.filter(pk=failed.pk).update(failure="The mail server cannot be reached.")
    with django_assert_num_queries(1):
        (waiting,) = waiting_integrations(LATER)
    assert waiting.says == [
        "stage 1 was due on 01 Mar 2026",
        "a letter could not be sent",
        "2 items no longer hold",
        "an item is overdue",
        "AWS owes an answer",
    ]
    assert len(waiting_work(LATER)) == 6
    archive(integration=integration, archived=True, reason="", actor=manager, now=NOW)
    assert waiting_integrations(LATER) == []


def test_what_waits_is_asked_in_few_questions(
    integration: Integration, lead: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ChecklistItem.objects.update(state="lost", lost_at=NOW)
    with django_assert_max_num_queries(6):
        assert len(waiting_work(NOW)) > 40
    with django_assert_max_num_queries(4):
        (card,) = board_of(NOW)
    assert card.lost > 40


def test_the_next_step_is_what_was_lost_then_ours_then_anybodys(integration: Integration) -> None:
    items = list(integration.stages.get(number=1).items.all())
    by_key = {item.key: item for item in items}
    assert next_of(items) == by_key["domain-owned"]
    by_key["receiver-named"].state = "lost"
    assert next_of(items) == by_key["receiver-named"]
    for item in items:
        item.state = "open" if item.owner == "aws" else "done"
    assert next_of(items) == by_key["approval-received"]


def test_opening_early_needs_a_reason_and_leaves_a_trace(integration: Integration, manager: Actor) -> None:
    stage = integration.stages.get(number=2)
    with pytest.raises(Problem, match="Give the reason"):
        open_early(stage=stage, reason="  ", actor=manager, now=NOW)
    for _ in range(2):
        open_early(stage=stage, reason="AWS asked", actor=manager, now=NOW)
    entry = AuditEntry.objects.get(action="stage:open_early")
    assert entry.after == {"stage": 2, "reason": "AWS asked"}
    complete_item(item=item_of(integration, "generator-permitted"), note="Our roles", actor=manager, now=NOW)


def test_a_manual_item_of_a_closed_stage_waits_for_its_turn(integration: Integration, manager: Actor) -> None:
    with pytest.raises(Problem) as refusal:
        complete_item(item=item_of(integration, "diagrams-drawn"), note="Drawn", actor=manager, now=NOW)
    assert refusal.value.code == "stage_closed"


def test_a_reopened_stage_stays_in_work_with_all_it_holds_until_it_is_closed(
    integration: Integration, manager: Actor
) -> None:
    stage = integration.stages.get(number=1)
    stage.items.exclude(key="domain-owned").update(state="done")
    complete_item(item=item_of(integration, "domain-owned"), note="whois", actor=manager, now=NOW)
    assert integration.stages.get(number=2).opened_at == NOW

    reopened = reopen(stage=stage, reason="AWS asked again", actor=manager, now=LATER)
    assert (reopened.state, reopened.completed_at) == ("doing", None)
    assert stage.items.filter(state="done").count() == stage.items.count()
    assert integration.stages.get(number=2).opened_at == NOW
    assert AuditEntry.objects.get(action="stage:reopen").before["completed_at"] == NOW.isoformat()

    assert close(stage=stage, actor=manager, now=LATER).state == "done"


def test_of_two_due_dates_at_once_the_second_is_told(integration: Integration, manager: Actor) -> None:
    stage = integration.stages.get(number=1)
    set_due(stage=stage, due_on=date(2026, 4, 1), version=1, actor=manager, now=NOW)
    with pytest.raises(Problem) as refusal:
        set_due(stage=stage, due_on=date(2026, 5, 1), version=1, actor=manager, now=NOW)
    assert refusal.value.code == "changed_meanwhile"


def test_handing_over_moves_what_is_open_and_leaves_what_is_done(integration: Integration, lead: User) -> None:
    other = User.objects.create_user("other@example.com", staff_role="manager")
    for key in ("domain-owned", "receiver-named"):
        ChecklistItem.objects.filter(key=key).update(assignee=lead)
    ChecklistItem.objects.filter(key="receiver-named").update(state="done")
    moved = hand_over(integration=integration, lead=other, note="Away", actor=SYSTEM, now=NOW)
    assert moved == 1
    assert item_of(integration, "domain-owned").assignee == other
    assert item_of(integration, "receiver-named").assignee == lead
    assert TimelineEntry.objects.filter(title="Handed over to other@example.com", text="Away").exists()


def test_only_people_who_take_integrations_along_can_be_assignees(db: None) -> None:
    support = User.objects.create_user("support@example.com", staff_role="support")
    with pytest.raises(Problem):
        candidate(str(support.public_id))
    with pytest.raises(Problem):
        candidate("nonsense")
    assert candidate("") is None


def test_a_mail_client_gets_every_character_of_the_letter(integration: Integration, manager: Actor) -> None:
    link = mail_client_link(sent(integration, manager, cc=["a+b@example.com"]))
    assert link == (
        "mailto:eventbridge-partners@amazon.com?cc=a%2Bb%40example.com&subject=Request%20%26%20more"
        "&body=a%3D1%26b%0D%0AGr%C3%BC%C3%9Fe"
    )
