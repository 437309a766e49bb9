"""Dead letters over HTTP: given up, where nobody will ever send them. Sending them again is a replay."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from dashboard.api.callers import ApiKey, caller_of
from dashboard.api.replays import FilterIn, ForecastOut, forecast_out
from integrations.events import discarding

router = Router(tags=["Replays"])


class DiscardedOut(Schema):
    """What became of the dead letters."""

    discarded: int = Field(..., description="Dead letters that are settled now, with the reason dropped")
    more: bool = Field(..., description="True: there are more than one call takes; repeat it")


@router.post(
    "/dead-letters/discard",
    response=ForecastOut | DiscardedOut,
    auth=ApiKey("events:replay"),
    summary="Give up dead letters",
    operation_id="discard_dead_letters",
)
def post(request: HttpRequest, wanted: FilterIn) -> dict[str, Any]:
    """Cannot be undone; a dry run counts first. Needs events:replay."""
    caller, now = caller_of(request), timezone.now()
    deliveries = wanted.deliveries(caller.environment)
    if wanted.dry_run:
        found = discarding.forecast_discard(wanted=deliveries, everything=wanted.everything, now=now)
        return {"dry_run": True, **forecast_out(found)}
    gone = discarding.discard_dead(wanted=deliveries, everything=wanted.everything, actor=caller.actor, now=now)
    return {"discarded": gone.deliveries, "more": gone.more}
