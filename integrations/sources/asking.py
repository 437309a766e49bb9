"""Asking AWS about a source at once, because somebody wants to know now."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.sources.models import Source
from integrations.sources.row_locks import lock_source
from integrations.sources.timing import AFTER_ANSWER


def ask_now(*, source: Source, now: datetime) -> bool:
    """Make the next question to AWS due, and return whether it is: not when the last answer is seconds old.

    Nothing that we want is changed, so the audit log has no line of it. Raises Problem 409 `source_failed`.
    """
    with transaction.atomic():
        current = lock_source(source)
        if current.due_at is None:
            raise Problem(
                409, "source_failed", "Nothing is asked of AWS for this source any more. Provision it again first."
            )
        if current.observed_at is not None and now - AFTER_ANSWER < current.observed_at <= now:
            return False
        if current.due_at > now:
            Source.objects.filter(pk=current.pk).update(due_at=now)
    return True
