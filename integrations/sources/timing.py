"""Timing: when AWS is asked about a source again. It never tells us anything by itself."""

import random
from datetime import datetime, timedelta

from integrations.sources.models import Desired, Observed, Source
from integrations.sources.watching import is_watched

YOUNG = timedelta(minutes=15)
WHILE_WATCHED = timedelta(seconds=3)  # with the two seconds of the beat: shown well within ten
WHILE_YOUNG = timedelta(seconds=5)  # somebody is probably accepting it
WHILE_PENDING = timedelta(seconds=60)
WHILE_ACTIVE = timedelta(seconds=300)
AFTER_ITS_END = timedelta(hours=1)
WHILE_SUSPECT = timedelta(seconds=1)
AFTER_ANSWER = timedelta(seconds=5)  # whoever asks for a question sooner than this gets the answer that there is

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)


def next_check(source: Source, now: datetime) -> datetime | None:
    """Return when to ask again about a provisioned source, or None if nobody wants it any more."""
    if source.desired == Desired.ABSENT:
        return None
    if source.opens_at is not None:
        return source.opens_at
    return now + spread(_pause(source, now))


def next_try(tries: int, now: datetime) -> datetime:
    """Return when to repeat a call that failed `tries` times in a row: doubling from 5 seconds to 5 minutes."""
    return now + spread(min(FIRST_RETRY * 2 ** min(tries - 1, 10), LONGEST_RETRY))


def spread(pause: timedelta) -> timedelta:
    """Return the pause, up to a tenth longer or shorter, so that sources do not fall due together for ever."""
    return pause * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing


def _pause(source: Source, now: datetime) -> timedelta:
    if source.suspect_since is not None:
        return WHILE_SUSPECT
    if source.observed == Observed.ACTIVE:
        return WHILE_ACTIVE
    if source.observed in (Observed.NONE, Observed.DELETED):
        return AFTER_ITS_END
    if is_watched(source, now):
        return WHILE_WATCHED
    young = source.provisioned_at is not None and now - source.provisioned_at < YOUNG
    return WHILE_YOUNG if young else WHILE_PENDING
