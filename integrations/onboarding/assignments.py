"""Who does what until when: assignees and due dates of items, and handing an integration over to somebody else."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.conflicts import claim_version
from integrations.onboarding.models import ChecklistItem
from integrations.onboarding.profiles import locked_profile
from integrations.onboarding.stages import locked_item, record_item
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import StaffRole, User


def candidates() -> QuerySet[User]:
    """Return the people who take integrations through the stages, by address."""
    takes = Q(staff_role__in=[StaffRole.MANAGER, StaffRole.OPERATIONS]) | Q(is_superuser=True)
    return User.objects.filter(takes, is_active=True).order_by("email")


def candidate(public_id: str) -> User | None:
    """Return one of them, or None for an empty id. Raises Problem 422 `assignee_invalid`."""
    if not public_id:
        return None
    try:
        return candidates().get(public_id=UUID(public_id))
    except (User.DoesNotExist, ValueError):
        raise Problem(422, "assignee_invalid", "Choose a partner manager or somebody of operations.") from None


def assign_item(
    *,
    item: ChecklistItem,
    assignee: User | None,
    due_on: date | None,
    version: int | None,
    actor: Actor,
    now: datetime,
) -> ChecklistItem:
    """Give an item to somebody, with a day until which it is due. Raises Problem 409 `changed_meanwhile`."""
    with transaction.atomic():
        stage, current = locked_item(item)
        claim_version(current, version)
        before = {"assignee": current.assignee.email if current.assignee else None, "due_on": _day(current.due_on)}
        current.assignee, current.due_on = assignee, due_on
        current.save()
        after = {"assignee": assignee.email if assignee else None, "due_on": _day(due_on)}
        if after == before:
            return current
        who = assignee.email if assignee else "nobody"
        until = f", due on {due_on:%d %B %Y}" if due_on else ""
        title = f"“{current.title}” is with {who}{until}"
        tell(integration=stage.integration, kind=Kind.CHANGED, title=title, actor=actor, now=now, item=current)
        record_item("checklist_item:assign", current, actor, now, before=before, after=after)
    return current


def hand_over(*, integration: Integration, lead: User | None, note: str, actor: Actor, now: datetime) -> int:
    """Make somebody the lead, and give them what is still open of the lead before; return how many items moved."""
    with transaction.atomic():
        profile = locked_profile(integration)
        profile.version += 1
        former, profile.lead = profile.lead, lead
        profile.save()
        moved = 0
        if former is not None and lead is not None and former != lead:
            still_open = ChecklistItem.objects.filter(stage__integration=integration, assignee=former)
            moved = still_open.exclude(state=ChecklistItem.State.DONE).update(assignee=lead)
        title = f"Handed over to {lead.email}" if lead else "Nobody leads the integration"
        tell(integration=integration, kind=Kind.CHANGED, title=title, text=note.strip(), actor=actor, now=now)
        record_of(
            integration,
            "integration:hand_over",
            actor,
            now,
            before={"lead": former.email if former else None},
            after={"lead": lead.email if lead else None, "items": moved, "note": note.strip()},
        )
    return moved


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
