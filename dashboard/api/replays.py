"""Replays over HTTP: counted first, asked for, watched, cancelled."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict

from dashboard.api.callers import ApiKey, caller_of, environment_of
from integrations.events import replays
from integrations.events.delivery_filter import ACCEPTED, DEAD, MAX_EVENTS, DeliveryFilter, filter_named
from integrations.events.models import Replay
from integrations.events.replays import Forecast
from integrations.events.tasks import replay as advance_replays
from integrations.kick import kick
from integrations.registration.models import Environment

router = Router(tags=["Replays"])


class FilterIn(Schema):
    """Deliveries to which everything given applies; of the key's environment, whatever is left out."""

    model_config = ConfigDict(extra="forbid")  # a misspelt tenant would mean all of them

    events: list[UUID] | None = Field(None, description=f"Ids of up to {MAX_EVENTS} events")
    tenant: str | None = Field(None, max_length=128, description="Your id of the tenant", examples=["42"])
    source: UUID | None = Field(None, description="The id of a source")
    type: str = Field("", description="The events' type", examples=["order.created"])
    received_from: AwareDatetime | None = Field(None, alias="from", description="Events received since this moment")
    received_until: AwareDatetime | None = Field(None, alias="to", description="Events received before this moment")
    code: str = Field("", description="Why a delivery is dead; of an accepted one, the code of any of its attempts")
    everything: bool = Field(False, alias="all", description="Has to be true where nothing above restricts the filter")
    dry_run: bool = Field(False, description="Only count, and change nothing")

    def deliveries(self, environment: Environment, **more: Any) -> DeliveryFilter:
        """Return the filter of this environment's deliveries. Raises Problem 404 for a foreign tenant or source."""
        return filter_named(environment, **self.dict(exclude={"everything", "dry_run", "states", "rate"}), **more)


class ReplayIn(FilterIn):
    """Which deliveries are to be sent again, and how fast."""

    states: list[str] = Field(
        [ACCEPTED, DEAD],
        description="accepted, dead, or doubtful: accepted while AWS was not known to have the source active",
    )
    rate: int | None = Field(None, description="Deliveries a second at most; without it as fast as they can be sent")


class SampleOut(Schema):
    """One of the deliveries."""

    event_id: UUID
    source: UUID
    state: str


class ForecastOut(Schema):
    """What a dry run found."""

    dry_run: bool = True
    matched: int = Field(..., description="Deliveries to which the filter applies")
    matched_exactly: bool = Field(..., description="False: counting took too long, there are at least so many")
    missing: int = Field(..., description="Dead letters among them whose event is not stored any more: they stay dead")
    unknown_events: list[UUID] = Field(..., description="Ids that this environment does not have")
    sample: list[SampleOut]


class ReplayOut(Schema):
    """A replay and how far it is."""

    id: UUID
    state: str = Field(..., description="requested, running, done, cancelling or cancelled")
    failure: str | None = Field(..., description="Why it cannot go on at the moment; it is tried again by itself")
    tenant: str | None
    source: UUID | None
    events: int | None = Field(..., description="How many events were named")
    type: str
    states: list[str]
    received_from: datetime | None = Field(..., alias="from")
    received_until: datetime | None = Field(..., alias="to")
    code: str
    rate: int | None
    matched: int = Field(..., description="What the filter applied to when the replay was asked for")
    matched_exactly: bool
    enqueued: int = Field(..., description="Put back into the queue so far")
    still_to_send: int = Field(..., description="Of those, still in the queue; counting stops at 100,000")
    missing: int = Field(..., description="Dead letters whose event is not stored any more: they stay dead")
    withdrawn: int = Field(..., description="Taken out of the queue again when it was cancelled")
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ReplayAccepted(ReplayOut):
    """A replay that has just been asked for."""

    unknown_events: list[UUID] = Field(..., description="Ids that this environment does not have")


class ReplayList(Schema):
    """Replays, newest first."""

    replays: list[ReplayOut]
    next: UUID | None = Field(..., description="Pass it as ?before= for the next page")


class Page(Schema):
    before: UUID | None = None
    limit: int = Field(50, ge=1, le=200)


@router.post(
    "/replays",
    response={200: ForecastOut, 202: ReplayAccepted},
    auth=ApiKey("events:replay"),
    by_alias=True,
    summary="Send deliveries again",
    operation_id="post_replay",
)
def post(request: HttpRequest, wanted: ReplayIn) -> Status[Any]:
    """202 when it is asked for, 200 with the count for a dry run. Event ids stay the same. Needs events:replay."""
    caller, now = caller_of(request), timezone.now()
    deliveries = wanted.deliveries(caller.environment, states=wanted.states)
    if wanted.dry_run:
        return Status(200, forecast_out(replays.forecast(wanted=deliveries, everything=wanted.everything, now=now)))
    replay, expected = replays.request_replay(
        wanted=deliveries, rate=wanted.rate, everything=wanted.everything, actor=caller.actor, now=now
    )
    kick(advance_replays)
    return Status(202, {**_members(replay, still_to_send=0), "unknown_events": expected.unknown_events})


@router.get(
    "/replays",
    response=ReplayList,
    auth=ApiKey("events:read"),
    by_alias=True,
    summary="List replays",
    operation_id="list_replays",
)
def get_list(request: HttpRequest, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """The environment's replays, newest first. Needs the scope events:read."""
    listed = replays.replays_of_environment(environment_of(request))
    if page.before:
        listed = listed.filter(public_id__lt=page.before)
    found = list(listed[: page.limit + 1])
    shown = found[: page.limit]
    return {"replays": _shown(shown), "next": shown[-1].public_id if len(found) > page.limit else None}


@router.get(
    "/replays/{replay}",
    response=ReplayOut,
    auth=ApiKey("events:read"),
    by_alias=True,
    summary="Watch a replay",
    operation_id="get_replay",
)
def get(request: HttpRequest, replay: str) -> dict[str, Any]:
    """Needs the scope events:read."""
    return _shown([replays.replay_of(environment_of(request), replay)])[0]


@router.post(
    "/replays/{replay}/cancel",
    response={202: ReplayOut},
    auth=ApiKey("events:replay"),
    by_alias=True,
    summary="Cancel a replay",
    operation_id="cancel_replay",
)
def cancel(request: HttpRequest, replay: str) -> Status[dict[str, Any]]:
    """What is not sent yet is taken back within seconds; dead letters are dead again. Needs events:replay."""
    caller = caller_of(request)
    found = replays.replay_of(caller.environment, replay)
    cancelling = replays.cancel_replay(replay=found, actor=caller.actor, now=timezone.now())
    kick(advance_replays)
    return Status(202, _shown([cancelling])[0])


def forecast_out(found: Forecast) -> dict[str, Any]:
    """Return a dry run's answer."""
    return {
        "matched": found.matched,
        "matched_exactly": found.exactly,
        "missing": found.missing,
        "unknown_events": found.unknown_events,
        "sample": [each._asdict() for each in found.sample],
    }


def _shown(found: Iterable[Replay]) -> list[dict[str, Any]]:
    listed = list(found)
    queued = replays.still_to_send(listed)
    return [_members(replay, queued.get(replay.pk, 0)) for replay in listed]


def _members(replay: Replay, still_to_send: int) -> dict[str, Any]:
    return {
        "id": replay.public_id,
        "state": replay.state,
        "failure": replay.failure or None,
        "tenant": replay.tenant and replay.tenant.external_id,
        "source": replay.source and replay.source.public_id,
        "events": None if replay.events is None else len(replay.events),
        "type": replay.type,
        "states": replay.states,
        "from": replay.received_from,
        "to": replay.received_until,
        "code": replay.code,
        "rate": replay.rate,
        "matched": replay.matched,
        "matched_exactly": replay.matched_exactly,
        "enqueued": replay.enqueued,
        "still_to_send": still_to_send,
        "missing": replay.missing,
        "withdrawn": replay.withdrawn,
        "requested_by": replay.actor_label,
        "created_at": replay.created_at,
        "started_at": replay.started_at,
        "ended_at": replay.ended_at,
    }
