"""Setbacks: a call to AWS about a source failed. What is written down, and when the call is repeated."""

from datetime import datetime
from typing import TypeGuard

from django.db import transaction

from integrations.aws.errors import AccessDenied, AwsError, NetworkError, RetryClass, explain
from integrations.aws.limits import LimitError
from integrations.registration.breakers import FIRST_RETRY, open_breaker
from integrations.sources.claims import lock_claimed
from integrations.sources.models import Desired, Source
from integrations.sources.timing import next_try, spread

MAX_TRIES_COUNTED = 1_000


def set_back(source: Source, error: AwsError | LimitError, now: datetime) -> None:
    """Write down why the claimed source's step failed and when it is repeated.

    Credentials that AWS refuses, and an endpoint that cannot be reached, are not the source's fault: they open the
    breaker, and the source only waits. A refusal that repetition cannot change ends provisioning; observation and
    everything else is tried again, later each time.
    """
    if _is_publishers_fault(error):
        _stop_publisher(source, error, now)
        return
    with transaction.atomic():
        current = lock_claimed(source)
        if current is None:
            return
        current.tries = min(current.tries + 1, MAX_TRIES_COUNTED)
        current.failure_final = _is_provisioning(current) and _is_final(error)
        current.due_at = None if current.failure_final else next_try(current.tries, now)
        note_failure(current, error.code, _words(error))
        current.save()


def note_failure(source: Source, code: str, words: str) -> None:
    """Put a raw code and a sentence with the next step on the row."""
    source.failure_code, source.failure_message = code, words


def clear_failure(source: Source) -> None:
    """Take the failure off the row: the last call succeeded."""
    source.failure_code = source.failure_message = ""
    source.failure_final = False
    source.tries = 0


def postpone(source: Source, until: datetime) -> None:
    """Let the claimed source wait, without a word about a failure, until about `until`."""
    with transaction.atomic():
        if current := lock_claimed(source):
            current.due_at = until
            current.save(update_fields=["due_at"])


def sentence(code: str, said: str, explanation: str = "") -> str:
    """Return what a support person reads: the meaning of the code with the next step, then AWS's own words."""
    meaning = explanation or explain(code)
    return f"{meaning} AWS said: {said}" if said else meaning


def _is_provisioning(source: Source) -> bool:
    return source.provisioned_at is None and source.desired != Desired.ABSENT


def _is_publishers_fault(error: AwsError | LimitError) -> TypeGuard[AwsError]:
    if isinstance(error, AccessDenied):  # of this one operation: publishing may well be allowed, and must not stop
        return False
    return isinstance(error, NetworkError) or (
        isinstance(error, AwsError) and error.retry_class == RetryClass.CREDENTIALS
    )


def _stop_publisher(source: Source, error: AwsError, now: datetime) -> None:
    open_breaker(environment=source.environment, region=source.region, code=error.code, message=str(error), now=now)
    postpone(source, now + spread(FIRST_RETRY))


def _is_final(error: AwsError | LimitError) -> bool:
    return isinstance(error, (LimitError, AccessDenied)) or error.retry_class == RetryClass.FINAL


def _words(error: AwsError | LimitError) -> str:
    return str(error) if isinstance(error, LimitError) else sentence(error.code, error.message, error.sentence)
