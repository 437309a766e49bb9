"""Replaying: puts what replays ask for into the queue of second tries, a stretch and a transaction at a time.

Into `retry` and never into `pending`: old ids would go in front of the source's new events there. Each transaction
queues a stretch and moves the cursor behind it, so a worker may be killed anywhere and two may work at once.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from integrations.cursors import binary_cursor, raw_connection
from integrations.events import in_use
from integrations.events.ingest import wake_publisher
from integrations.events.matching import Position, Stretch, walk
from integrations.events.models import Redriven, Replay, Retry
from integrations.events.replays import filter_of
from integrations.events.withdrawal import withdraw
from integrations.locks import REPLAY_LOCK
from integrations.stopping import stop_requested

LIFE = 20.0  # seconds of one task
TURN = 1.0  # seconds for one replay, then it is the next one's turn
STRETCH = 5_000  # deliveries, and events, in one transaction
AHEAD = timedelta(seconds=10)  # a replay with a rate is queued so far ahead and no further, so that cancelling is quick
TOP_UP = timedelta(seconds=3)
CLAIM = timedelta(seconds=5)
FURTHEST = timedelta(hours=1)  # later than any pause: written by a clock that has been set back since
SHORTEST_LOOK, LONGEST_LOOK = timedelta(seconds=1), timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=5)

TO_RETRY = """
insert into retry (source_id, event_id, due_at, tries, refusals, code, replay_id)
select source_id, event_id, %(start)s + (row_number() over (order by {order}) - 1) * %(gap)s::interval, 0, 0, 0,
  %(replay)s
from {these} on conflict do nothing returning 1
"""
ENQUEUE = f", queued as ({TO_RETRY.format(order='event_id, source_id', these='found')})"
REDRIVE = f"""
, moved as (
  delete from dead d using found f where not f.missing and d.source_id = f.source_id and d.event_id = f.event_id
  returning d.source_id, d.event_id, d.at, d.code, d.tries, d.message),
kept as (insert into redriven (replay_id, source_id, event_id, at, code, tries, message)
  select %(replay)s, * from moved on conflict do nothing),
queued as ({TO_RETRY.format(order="source_id, event_id", these="moved")})
"""  # noqa: S608 - put together from the constants above

log = logging.getLogger(__name__)


def replay_for_a_while(clock: Callable[[], datetime], life: float = LIFE) -> bool:
    """Advance due replays in turn; return whether more is due. Does nothing while another worker does it."""
    with _only_replayer() as alone:
        if not alone:
            return False
        give_up_at = time.monotonic() + life
        while replay := claim_next(clock()):
            advance_alone(replay, clock)
            if time.monotonic() > give_up_at or stop_requested.is_set():
                return True
    return False


def is_any_due(now: datetime) -> bool:
    """Return whether a replay waits for its next step."""
    return _due(now).exists()


def claim_next(now: datetime) -> Replay | None:
    """Claim the replay that has waited longest for some seconds; should its claimer die, it falls due again."""
    with transaction.atomic():
        replay = _due(now).select_for_update(no_key=True, skip_locked=True).order_by("due_at").first()
        if replay is not None:
            replay.due_at = now + CLAIM
            replay.save(update_fields=["due_at"])
    return replay


def advance_alone(replay: Replay, clock: Callable[[], datetime]) -> None:
    """Give a replay its turn. One that cannot go on, whatever the reason, is tried again later, behind the others."""
    try:
        advance(replay.pk, clock)
    except Exception as error:  # of the database above all: a partition that is just being dropped, a lock, a time-out
        log.exception("a replay could not go on", extra={"replay": str(replay.public_id)})
        tries = min(replay.tries + 1, 1_000)
        due_at = clock() + min(timedelta(seconds=2 ** min(tries, 10)), LONGEST_PAUSE)
        Replay.objects.filter(pk=replay.pk, ended_at=None).update(
            tries=tries, failure=f"Tried again: {str(error).strip()[:500]}", due_at=due_at
        )


def advance(replay_id: int, clock: Callable[[], datetime]) -> None:
    """Queue stretches until the replay's turn is over or it is far enough ahead, or take back what was cancelled."""
    turn_ends_at = time.monotonic() + TURN
    while (due_at := advance_once(replay_id, clock())) is not None and due_at <= clock():
        if time.monotonic() > turn_ends_at:
            return


def advance_once(replay_id: int, now: datetime) -> datetime | None:
    """Take one step in one transaction; return when the next is due, or None after the last."""
    with transaction.atomic():
        replay = _lock(replay_id)
        if replay.ended_at is not None:
            return None
        if replay.state == Replay.State.CANCELLING:
            _take_back(replay, now)
        elif replay.walk == Replay.Walk.OVER:
            _look_after(replay, now)
        else:
            _queue_stretch(replay, now)
        replay.tries, replay.failure = 0, ""
        replay.save()
    wake_publisher(raw_connection())
    return replay.due_at


def _due(now: datetime) -> QuerySet[Replay]:
    return Replay.objects.filter(Q(due_at__lte=now) | Q(due_at__gt=now + FURTHEST))


def _lock(replay_id: int) -> Replay:
    locked = Replay.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("environment", "tenant", "source").get(pk=replay_id)


def _queue_stretch(replay: Replay, now: datetime) -> None:
    replay.state, replay.started_at = Replay.State.RUNNING, replay.started_at or now
    start = max(now, min(replay.paced_until or now, now + AHEAD))
    room = _room(replay.rate, start, now)
    if not room:
        replay.due_at = now + TOP_UP
        return
    stretch = _enqueue(replay, start, room)
    replay.enqueued += stretch.done
    replay.missing += stretch.missing
    replay.walk = stretch.next.walk
    replay.at_source, replay.at_event = stretch.next.source_id, stretch.next.event_id
    replay.paced_until = start + stretch.done * _gap(replay.rate)
    replay.due_at = now


def _room(rate: int | None, start: datetime, now: datetime) -> int:
    """Return how many deliveries may be queued now: at least one as soon as there is time for one."""
    if rate is None:
        return STRETCH
    ahead = now + AHEAD - start
    return min(STRETCH, max(int(ahead.total_seconds() * rate), int(ahead > timedelta())))


def _gap(rate: int | None) -> timedelta:
    return timedelta(seconds=1 / rate) if rate else timedelta()


def _enqueue(replay: Replay, start: datetime, room: int) -> Stretch:
    with connection.wrap_database_errors, binary_cursor(raw_connection()) as cursor:
        in_use.protect_references(cursor)
    return walk(
        filter_of(replay),
        Position(replay.walk, replay.at_source, replay.at_event),
        asked_at=replay.created_at,
        scan=STRETCH,
        room=room,
        step=REDRIVE if replay.walk == Replay.Walk.DEAD else ENQUEUE,
        done="(select count(*) from queued)",
        start=start,
        gap=_gap(replay.rate),
        replay=replay.pk,
    )


def _look_after(replay: Replay, now: datetime) -> None:
    """Everything is queued: the replay is done when nothing of it is left in the queue."""
    if Retry.objects.filter(replay_id=replay.pk).exists():
        waited = now - (replay.started_at or now)
        replay.due_at = now + max(SHORTEST_LOOK, min(waited / 10, LONGEST_LOOK))
    else:
        _end(replay, Replay.State.DONE, now)


def _take_back(replay: Replay, now: datetime) -> None:
    taken = withdraw(replay.pk)
    replay.withdrawn += taken.deliveries
    if taken.left:
        replay.due_at = now if taken.deliveries else now + SHORTEST_LOOK
    else:
        _end(replay, Replay.State.CANCELLED, now)


def _end(replay: Replay, state: Replay.State, now: datetime) -> None:
    Redriven.objects.filter(replay=replay).delete()
    replay.state, replay.ended_at, replay.due_at = state, now, None


@contextmanager
def _only_replayer() -> Iterator[bool]:
    """Yield whether this is the only worker that replays: more of them would take processes from everything else."""
    # A session of its own, past any pooler: a session lock taken through one would stay behind in a shared session.
    with psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True, connect_timeout=5) as session:
        yield session.execute("select pg_try_advisory_lock(%s, 0)", [REPLAY_LOCK]).fetchone() == (True,)
