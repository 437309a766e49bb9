"""Observation: what AWS says of a source, and what follows from it for its state, its gate and its history."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from integrations.aws import partner_sources
from integrations.aws.errors import InconsistentReply, SourceNotFound
from integrations.sources.claims import lock_claimed
from integrations.sources.gate import set_gate
from integrations.sources.models import Observed, Source, SourceChange
from integrations.sources.setbacks import clear_failure
from integrations.sources.timing import next_check
from integrations.sources.watching import is_watched

LIST_MAY_LAG = timedelta(minutes=2)
EXPIRED, GONE = "expired", "gone"
ELSEWHERE = (
    "AWS lists this name for another account, so somebody used the publisher account's credentials past Partnerbus. "
    "Nothing is sent to it. Delete the other offer at AWS, then provision this source again."
)
_WORDS = {"PENDING": Observed.PENDING, "ACTIVE": Observed.ACTIVE, "DELETED": Observed.DELETED}


@dataclass(frozen=True, slots=True)
class Answer:
    """AWS's word on our account: `state` None when it does not list the account or does not know the source."""

    state: Observed | None
    expires_at: datetime | None = None
    elsewhere: bool = False  # AWS lists the name, for another account


@dataclass(frozen=True, slots=True)
class Observation:
    """What is stored of a source after an answer."""

    observed: str
    ended: str = ""
    expires_at: datetime | None = None


def observe(source: Source, clock: Callable[[], datetime]) -> None:
    """Ask AWS about the claimed source and commit its answer. Raises AwsError, LimitError."""
    asked_at = clock()
    answer = ask(source)
    record_answer(source, answer, asked_at=asked_at, now=clock())


def record_answer(source: Source, answer: Answer, *, asked_at: datetime, now: datetime) -> None:
    """Commit the answer to a question of `asked_at` with its consequences, unless a later question was answered."""
    with transaction.atomic():
        current = lock_claimed(source)
        if current is None or _is_outdated(current, asked_at, now):
            return
        after = transition(current, answer, asked_at)
        _note_change(current, after, now, elsewhere=answer.elsewhere)
        current.opens_at = _opening(current, after, asked_at)
        if after.observed == Observed.ACTIVE and current.observed != Observed.ACTIVE:
            current.activated_at = asked_at
        if after.observed == Observed.ACTIVE:
            current.renewals = 0
        current.observed, current.ended, current.expires_at = after.observed, after.ended, after.expires_at
        current.observed_at = asked_at
        _clear_suspicion(current, asked_at)
        if not is_watched(current, now):
            current.watched_until = None
        current.due_at = next_check(current, now)
        current.save()
        set_gate(current, current.environment)


def _is_outdated(source: Source, asked_at: datetime, now: datetime) -> bool:
    """A later question was answered already; a moment in the future was written by a clock since set back."""
    return source.observed_at is not None and asked_at < source.observed_at <= now


def transition(source: Source, answer: Answer, asked_at: datetime) -> Observation:
    """Return what the answer makes of the source."""
    match answer.state:
        case Observed.PENDING:
            return Observation(Observed.PENDING, expires_at=answer.expires_at or _default_expiry(source, asked_at))
        case Observed.ACTIVE:
            return Observation(Observed.ACTIVE)
        case Observed.DELETED:
            return Observation(Observed.DELETED, GONE)
    return _not_listed(source, asked_at)


def _not_listed(source: Source, asked_at: datetime) -> Observation:
    match source.observed:
        case Observed.UNKNOWN if source.provisioned_at and asked_at - source.provisioned_at < LIST_MAY_LAG:
            return Observation(Observed.UNKNOWN)
        case Observed.PENDING:
            # Expiry is the one way in which AWS itself takes back an offer that waits; its moment may come early.
            return Observation(Observed.NONE, EXPIRED, source.expires_at)
        case Observed.NONE:
            return Observation(Observed.NONE, source.ended, source.expires_at)
    return Observation(Observed.NONE, GONE)


def _opening(source: Source, after: Observation, asked_at: datetime) -> datetime | None:
    """Return until when the gate of a source that has just become ACTIVE stays closed, or None.

    A tenant attaches its bus first and makes its rules afterwards, and what no rule catches AWS drops.
    """
    if after.observed != Observed.ACTIVE:
        return None
    if source.observed != Observed.ACTIVE:
        pause = timedelta(seconds=settings.ACTIVATION_PAUSE_SECONDS)
        return asked_at + pause if pause else None
    return source.opens_at if source.opens_at and asked_at < source.opens_at else None


def _default_expiry(source: Source, asked_at: datetime) -> datetime:
    """AWS gave no moment, so count from when the source was first seen pending."""
    if source.observed == Observed.PENDING and source.expires_at:
        return source.expires_at
    return asked_at + timedelta(days=settings.SOURCE_EXPIRY_DAYS)


def ask(source: Source) -> Answer:
    """Return AWS's word on the source's own account. Raises AwsError, LimitError."""
    try:
        accounts = partner_sources.accounts_of(source.environment.publisher, source.region, source.name)
    except SourceNotFound:
        return Answer(None)
    for row in accounts:
        if row.account == source.account:
            return Answer(_known(row.state), row.expires_at)
    return Answer(None, elsewhere=bool(accounts))


def _known(word: str) -> Observed:
    if word not in _WORDS:
        raise InconsistentReply("InconsistentReply", f"AWS calls the source {word!r}, a state that is not known here.")
    return _WORDS[word]


def _note_change(source: Source, after: Observation, now: datetime, *, elsewhere: bool) -> None:
    if after.observed != source.observed:
        SourceChange.objects.create(
            source=source,
            at=now,
            cause=SourceChange.Cause.EXPIRY if after.ended == EXPIRED else SourceChange.Cause.AWS,
            field="observed",
            before=source.observed,
            after=after.observed,
            confirmed_at=source.observed_at,
            note=ELSEWHERE if elsewhere else _note_on(source, after, now),
        )


def _note_on(source: Source, after: Observation, now: datetime) -> str:
    if after.ended == EXPIRED and source.expires_at and now < source.expires_at:
        return (
            f"AWS had named {source.expires_at:%Y-%m-%d %H:%M} UTC as its end. If nobody moved a clock, somebody "
            "deleted it with the publisher account's credentials."
        )
    return ""


def _clear_suspicion(source: Source, asked_at: datetime) -> None:
    """An answer to a question from before the refusal says nothing about it."""
    if source.suspect_since is None or asked_at >= source.suspect_since:
        source.suspect_since = None
        clear_failure(source)
