"""Suspicion: an entry was refused as if its source were gone, so AWS is asked before anything else is sent."""

from datetime import datetime, timedelta

from django.db import transaction

from integrations.sources.gate import set_gate
from integrations.sources.models import Source
from integrations.sources.setbacks import note_failure, sentence

# Refusals that keep coming although AWS says ACTIVE must not close and open the gate all the time.
QUIET_AFTER_ANSWER = timedelta(seconds=30)


def suspect(*, source_id: int, sent_at: datetime, now: datetime, code: str, message: str) -> bool:
    """Close the gate and make the source due at once; return whether that was done.

    Not done when AWS was asked after the entry was sent, or less than 30 seconds ago, or the source is suspect already.
    """
    with transaction.atomic():
        source = (
            Source.objects.select_for_update(no_key=True, of=("self",)).select_related("environment").get(pk=source_id)
        )
        if source.suspect_since is not None or _answered(source, sent_at, now):
            return False
        source.suspect_since = sent_at
        source.due_at = now
        note_failure(source, code, sentence(code, message))
        source.save(update_fields=["suspect_since", "due_at", "failure_code", "failure_message"])
        set_gate(source, source.environment)
    return True


def _answered(source: Source, sent_at: datetime, now: datetime) -> bool:
    asked_at = source.observed_at
    if asked_at is None or asked_at > now:  # never, or by a clock that has been set back since
        return False
    return sent_at <= asked_at or now - asked_at < QUIET_AFTER_ANSWER
