"""What every change of a questionnaire has in common: its lock, its line in the timeline and in the audit log."""

from datetime import datetime

from integrations.onboarding.models import Questionnaire
from integrations.onboarding.timeline import Kind, tell
from tenants.audit import Actor

STAGE = 3


def locked_questionnaire(questionnaire: Questionnaire) -> Questionnaire:
    """Return the row as it is now, locked until the transaction ends: one change at a time."""
    return (
        Questionnaire.objects.select_for_update(no_key=True, of=("self",))
        .select_related("integration", "template")
        .get(pk=questionnaire.pk)
    )


def open_again(questionnaire: Questionnaire) -> None:
    """Take the approval off: it was of another text. The caller saves."""
    questionnaire.approved_at, questionnaire.approved_by, questionnaire.approved_revision = None, "", None


def tell_change(questionnaire: Questionnaire, title: str, text: str, actor: Actor, now: datetime) -> None:
    """Write a line into the integration's timeline."""
    tell(
        integration=questionnaire.integration,
        kind=Kind.CHANGED,
        stage=STAGE,
        title=title,
        text=text,
        actor=actor,
        now=now,
    )
