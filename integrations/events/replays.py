"""Replays: deliveries that are sent again under the same event id; asked for, looked at and cancelled here."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from integrations.events.delivery_filter import DeliveryFilter
from integrations.events.matching import NO_EVENT, Sampled, known_events, sample, start_of, walk
from integrations.events.models import Replay
from integrations.problems import Problem
from integrations.registration.models import Environment
from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry

HIGHEST_RATE = 100_000
COUNT_SECONDS = 3.0  # somebody waits for the answer; a longer count says "at least"
COUNT_SCAN = 20_000  # events in one statement
COUNT_LIMIT = 100_000  # of what is still to be sent
SAMPLE = 20  # deliveries of each state
# Each takes its turn of one worker. What gates owe does not count against anybody.
MOST_OF_A_TENANT = 20
MOST_OF_AN_ENVIRONMENT = 200

QUEUED = """
select q.id, (select count(*) from (select 1 from retry r where r.replay_id = q.id limit %s) x)
from unnest(%s::int[]) as q(id)
"""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a filter means at this moment: `exactly` is false where counting stopped after COUNT_SECONDS."""

    matched: int
    exactly: bool
    missing: int
    unknown_events: list[UUID]
    sample: list[Sampled]


def forecast(*, wanted: DeliveryFilter, everything: bool = False, now: datetime) -> Forecast:
    """Return what a replay of this filter would send, and change nothing. Raises Problem for an unusable filter."""
    wanted.check(everything=everything)
    matched = missing = 0
    sampled: dict[str, list[Sampled]] = {}
    position, give_up_at = start_of(wanted), time.monotonic() + COUNT_SECONDS
    while position.walk != Replay.Walk.OVER and time.monotonic() < give_up_at:
        with transaction.atomic():
            stretch = walk(wanted, position, asked_at=now, scan=COUNT_SCAN, room=COUNT_SCAN)
            if stretch.found and not sampled.get(position.walk):
                sampled[position.walk] = sample(wanted, position, asked_at=now, scan=COUNT_SCAN, size=SAMPLE)
        matched, missing, position = matched + stretch.found, missing + stretch.missing, stretch.next
    unknown = set(wanted.events or ()) - known_events(wanted.environment.pk, wanted.events or ())
    is_complete = position.walk == Replay.Walk.OVER
    return Forecast(matched, is_complete, missing, sorted(unknown), [one for each in sampled.values() for one in each])


def request_replay(
    *, wanted: DeliveryFilter, rate: int | None = None, everything: bool = False, actor: Actor, now: datetime
) -> tuple[Replay, Forecast]:
    """Ask for the deliveries of this filter to be sent again, at most `rate` a second; return it with its forecast.

    What enters the filter's states after `now` is not part of it. Raises Problem for an unusable filter or rate, and
    429 `too_many_replays` when as many as may run at once do.
    """
    if rate is not None and not 1 <= rate <= HIGHEST_RATE:
        raise Problem(422, "rate_invalid", f"A rate is 1 to {HIGHEST_RATE} deliveries a second; leave it out for none.")
    if actor.kind != AuditEntry.ActorKind.SYSTEM:
        _check_running(wanted)
    expected = forecast(wanted=wanted, everything=everything, now=now)
    replay = _from(wanted)
    replay.rate, replay.actor_label = rate, actor.label[:200]
    replay.matched, replay.matched_exactly = expected.matched, expected.exactly
    replay.created_at = replay.due_at = now
    with transaction.atomic():
        replay.save(force_insert=True)
        audit.record(
            actor=actor,
            action="replay:request",
            at=now,
            object_type="replay",
            object_id=replay.public_id,
            tenant=wanted.tenant,
            after=wanted.described() | {"rate": rate, "matched": expected.matched},
        )
    return replay, expected


def _check_running(wanted: DeliveryFilter) -> None:
    """Two at once may both be let through: it bounds the work, to the replay nobody counts it."""
    running = Replay.objects.filter(environment=wanted.environment, due_at__isnull=False)
    most, whose = MOST_OF_AN_ENVIRONMENT, "environment"
    if wanted.tenant is not None:
        running, most, whose = running.filter(tenant=wanted.tenant), MOST_OF_A_TENANT, "tenant"
    if running.count() >= most:
        raise Problem(
            429,
            "too_many_replays",
            f"{most} replays of this {whose} are running. Wait until one has ended, or cancel one; one replay can take "
            "many events.",
            headers={"Retry-After": "30"},
        )


def cancel_replay(*, replay: Replay, actor: Actor, now: datetime) -> Replay:
    """Queue nothing more of a replay and have what is not sent yet taken back, which a worker does within seconds.

    What is being sent at this moment is still sent. Cancelling twice changes nothing. Raises Problem when it has ended.
    """
    with transaction.atomic():
        current = Replay.objects.select_for_update(no_key=True).get(pk=replay.pk)
        if current.ended_at is not None:
            raise Problem(409, "replay_ended", f"This replay is {current.state}: nothing of it is left to cancel.")
        if current.state != Replay.State.CANCELLING:
            before = current.state
            current.state, current.due_at = Replay.State.CANCELLING, now
            current.save(update_fields=["state", "due_at"])
            audit.record(
                actor=actor,
                action="replay:cancel",
                at=now,
                object_type="replay",
                object_id=current.public_id,
                tenant=current.tenant,
                before={"state": before},
                after={"state": current.state, "enqueued": current.enqueued},
            )
    return current


def replays_of_environment(environment: Environment) -> QuerySet[Replay]:
    """Return the environment's replays, newest first."""
    return (
        Replay.objects.filter(environment=environment)
        .select_related("environment", "tenant", "source")
        .order_by("-public_id")
    )


def replay_of(environment: Environment, public_id: str | UUID) -> Replay:
    """Return one replay of this environment. Raises Problem 404, the same for a foreign and an unknown one."""
    try:
        return replays_of_environment(environment).get(public_id=UUID(str(public_id)))
    except (Replay.DoesNotExist, ValueError):
        raise Problem(404, "replay_unknown", "This environment has no such replay.") from None


def still_to_send(replays: Iterable[Replay]) -> dict[int, int]:
    """Return how many deliveries of each replay are queued, by its key. Counting stops at COUNT_LIMIT."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUED, [COUNT_LIMIT, [replay.pk for replay in replays if replay.ended_at is None]])
        return dict(cursor.fetchall())


def filter_of(replay: Replay) -> DeliveryFilter:
    """Return the filter with which a replay was asked for."""
    return DeliveryFilter(
        environment=replay.environment,
        tenant=replay.tenant,
        source=replay.source,
        events=replay.events,
        type=replay.type,
        states=replay.states,
        received_from=replay.received_from,
        received_until=replay.received_until,
        code=replay.code,
    )


def _from(wanted: DeliveryFilter) -> Replay:
    return Replay(
        environment=wanted.environment,
        tenant=wanted.tenant,
        source=wanted.source,
        events=None if wanted.events is None else list(wanted.events),
        type=wanted.type,
        states=list(wanted.states),
        received_from=wanted.received_from,
        received_until=wanted.received_until,
        code=wanted.code,
        walk=start_of(wanted).walk,
        at_event=NO_EVENT,
    )
