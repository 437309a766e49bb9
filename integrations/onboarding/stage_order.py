"""The order of the stages and what people may change about it: opening one early, reopening one, its due date."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.conflicts import claim_version
from integrations.onboarding.models import Stage
from integrations.onboarding.stages import follow_items
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from tenants.audit import Actor


def open_early(*, stage: Stage, reason: str, actor: Actor, now: datetime) -> Stage:
    """Open a stage before its turn; one that is open stays as it is. Raises Problem 422 `reason_missing`."""
    reason = _checked(reason)
    with transaction.atomic():
        current = locked_stage(stage)
        if current.opened_at is not None:
            return current
        current.opened_at = current.owner_since = now
        current.opened_by, current.opened_because = actor.label[:200], reason
        current.version += 1
        current.save()
        _tell(f"Stage {current.number} opened before its turn", current, reason, actor, now)
        _record("stage:open_early", current, actor, now, after={"reason": reason})
    return current


def reopen(*, stage: Stage, reason: str, actor: Actor, now: datetime) -> Stage:
    """Keep a complete stage in work, with all that its items hold. Raises Problem 422 `reason_missing`."""
    reason = _checked(reason)
    with transaction.atomic():
        current = locked_stage(stage)
        if current.state != Stage.State.DONE:
            return current
        completed = current.completed_at
        current.reopened_at = now
        current.version += 1
        follow_items(current, now, actor)
        _tell(f"Stage {current.number} reopened", current, reason, actor, now)
        before = {"completed_at": completed.isoformat() if completed else None}
        _record("stage:reopen", current, actor, now, before=before, after={"reason": reason})
    return current


def close(*, stage: Stage, actor: Actor, now: datetime) -> Stage:
    """Let a stage that was reopened follow its items again."""
    with transaction.atomic():
        current = locked_stage(stage)
        if current.reopened_at is None:
            return current
        current.reopened_at = None
        current.version += 1
        follow_items(current, now, actor)
        _record("stage:close", current, actor, now, after={"state": current.state})
    return current


def set_due(*, stage: Stage, due_on: date | None, version: int | None, actor: Actor, now: datetime) -> Stage:
    """Say until when a stage is to be done. Raises Problem 409 `changed_meanwhile`."""
    with transaction.atomic():
        current = locked_stage(stage)
        claim_version(current, version)
        before, current.due_on = current.due_on, due_on
        current.save()
        if before != due_on:
            words = f"is due on {due_on:%d %B %Y}" if due_on else "has no due date any more"
            _tell(f"Stage {current.number} {words}", current, "", actor, now)
            days = {"before": {"due_on": _day(before)}, "after": {"due_on": _day(due_on)}}
            _record("stage:set_due", current, actor, now, **days)
    return current


def locked_stage(stage: Stage) -> Stage:
    """Return the row as it is now, locked until the end of the transaction."""
    return Stage.objects.select_for_update(of=("self",)).select_related("integration").get(pk=stage.pk)


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > 2_000 or "\0" in reason:
        raise Problem(422, "reason_missing", "Give the reason; it is kept in the audit log.")
    return reason


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _tell(title: str, stage: Stage, text: str, actor: Actor, now: datetime) -> None:
    tell(
        integration=stage.integration, kind=Kind.STAGE, title=title, text=text, actor=actor, now=now, stage=stage.number
    )


def _record(
    action: str,
    stage: Stage,
    actor: Actor,
    now: datetime,
    *,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> None:
    record_of(stage.integration, action, actor, now, before=before, after={"stage": stage.number, **after})
