"""Review: a person reads the questionnaire and approves what was read; any edit takes the approval off."""

from datetime import datetime

from django.db import transaction

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.models import Questionnaire
from integrations.onboarding.questionnaire_changes import locked_questionnaire, open_again, tell_change
from integrations.onboarding.questionnaire_reading import Filled, filled
from integrations.problems import Problem
from tenants.audit import Actor


def approve_questionnaire(
    *, questionnaire: Questionnaire, seen_revision: int, actor: Actor, now: datetime
) -> Questionnaire:
    """Approve what was read at `seen_revision`; again changes nothing.

    Raises Problem 409 `questionnaire_changed` if somebody has edited it since, `questionnaire_incomplete` with what
    is missing.
    """
    with transaction.atomic():
        current = locked_questionnaire(questionnaire)
        if current.revision != seen_revision:
            raise Problem(
                409, "questionnaire_changed", "Somebody has changed an answer since you read it. Read it again first."
            )
        if current.approved_at is not None:
            return current
        missing = _missing(filled(current))
        if missing:
            raise Problem(
                409, "questionnaire_incomplete", f"Before it can be approved: {' '.join(missing[:10])}", missing=missing
            )
        current.approved_at, current.approved_by = now, actor.label[:200]
        current.approved_revision = current.revision
        current.save()
        record_of(current.integration, "questionnaire:approve", actor, now, after={"revision": current.revision})
        tell_change(current, "The questionnaire is approved", f"Revision {current.revision}.", actor, now)
    return current


def reopen_questionnaire(*, questionnaire: Questionnaire, actor: Actor, now: datetime) -> Questionnaire:
    """Take an approval back without changing an answer; reopening an open one changes nothing."""
    with transaction.atomic():
        current = locked_questionnaire(questionnaire)
        if current.approved_at is None:
            return current
        before = {"approved_by": current.approved_by, "revision": current.approved_revision}
        open_again(current)
        current.save()
        record_of(current.integration, "questionnaire:reopen", actor, now, before=before)
        tell_change(current, "The questionnaire is open again", "Its approval was taken back.", actor, now)
    return current


def _missing(whole: Filled) -> list[str]:
    return [
        f"“{question.title}”: {section.faults[question.key]}"
        for section in whole.sections
        for question in section.section.questions
        if question.key in section.faults
    ]
