"""What the tests of replays share: deliveries that were accepted or died, and where they stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from integrations.events.delivery_filter import DeliveryFilter
from integrations.events.models import Replay
from integrations.events.replaying import advance_once
from integrations.events.replays import request_replay
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tests.conftest import SYSTEM
from tests.events.conftest import rows

OBSERVED_ACTIVE, OBSERVED_PENDING = 3, 2
DIED_AT = "2026-11-20 12:00+00"


def accept(source: Source, *events: UUID, observed: int = OBSERVED_ACTIVE, code: int = 0, ago: str = "0 s") -> None:
    """Make these deliveries accepted by AWS, or record an attempt with another code."""
    rows(
        "with sent as (delete from pending where source_id = %s and event_id = any(%s))"
        " insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
        " select e, %s, now() - %s::interval, %s, 1, 5, 100, %s from unnest(%s::uuid[]) e returning 1",
        source.pk,
        list(events),
        source.pk,
        ago,
        code,
        observed,
        list(events),
    )


def kill(source: Source, *events: UUID, code: int = 2, message: str | None = "said AWS") -> None:
    """Make dead letters of these deliveries."""
    rows(
        "with sent as (delete from pending where source_id = %s and event_id = any(%s))"
        " insert into dead (source_id, event_id, at, code, tries, message)"
        " select %s, e, %s::timestamptz, %s, 7, %s from unnest(%s::uuid[]) e returning 1",
        source.pk,
        list(events),
        source.pk,
        DIED_AT,
        code,
        message,
        list(events),
    )


def ask(environment: Environment, *, rate: int | None = None, everything: bool = True, **wanted: Any) -> Replay:
    """Ask for a replay as the API does."""
    replay, _ = request_replay(
        wanted=DeliveryFilter(environment=environment, **wanted),
        rate=rate,
        everything=everything,
        actor=SYSTEM,
        now=timezone.now(),
    )
    return replay


def run(replay: Replay, now: datetime | None = None, *, steps: int = 50) -> Replay:
    """Take steps until the replay has nothing to do at this moment."""
    moment = now or timezone.now()
    for _ in range(steps):
        due_at = advance_once(replay.pk, moment)
        if due_at is None or due_at > moment:
            break
    replay.refresh_from_db()
    return replay


def queued_for(replay: Replay) -> list[UUID]:
    """Return the events in the queue of a replay, in the order in which they are due."""
    return [
        event
        for (event,) in rows("select event_id from retry where replay_id = %s order by due_at, event_id", replay.pk)
    ]


def send(replay: Replay) -> None:
    """Let AWS take everything that a replay has queued."""
    rows(
        "with sent as (delete from retry where replay_id = %s returning source_id, event_id)"
        " insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed, replay_id)"
        " select event_id, source_id, now(), 0, 1, 5, 100, 3, %s from sent returning 1",
        replay.pk,
        replay.pk,
    )


def ids(results: Sequence[Any]) -> list[UUID]:
    return [UUID(str(result.event_id)) for result in results]
