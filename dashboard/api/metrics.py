"""What happened over time, for charts: the figures of an environment, a tenant or a source in steps."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from dashboard.api.callers import ApiKey, environment_of, tenant_of
from integrations.events.series import (
    MAX_POINTS,
    STEPS,
    Figures,
    Series,
    points_between,
    series_of_environment,
    series_of_sources,
    series_of_tenant,
)
from integrations.problems import Problem
from integrations.sources.models import Source
from integrations.sources.queries import sources_of_environment

router = Router(tags=["Metrics"])

DEFAULT_SPAN = timedelta(hours=24)
FURTHEST = timedelta(days=3650)


class SeriesQuery(Schema):
    tenant: str | None = Field(None, description="The SaaS's own id of a tenant; without it, the whole environment")
    source: UUID | None = Field(None, description="Only this source")
    from_: AwareDatetime | None = Field(None, alias="from", description="24 hours before `to` if left out")
    to: AwareDatetime | None = Field(None, description="Now if left out")
    step: int = Field(5, description=f"Minutes of one point: one of {STEPS}. Days are those of UTC")


class LatencyOut(Schema):
    """Milliseconds until AWS had taken this share of the entries, interpolated between 5, 10, 25, 50, 100, 250 and
    1,000; what took longer counts as 1,000. Null where nothing was accepted."""

    p50: float | None
    p95: float | None
    p99: float | None


class FiguresOut(Schema):
    """What happened. One delivery that is tried three times and then accepted counts twice as failed, once as
    accepted."""

    accepted: int = Field(..., description="Entries that AWS took")
    failed: int = Field(..., description="Tries that AWS did not take")
    failed_by_code: dict[str, int]
    held: int = Field(
        ..., description="Deliveries stored in that time that stood behind a closed gate when it was last added up"
    )
    bytes: int = Field(..., description="Of the accepted entries")
    latency: LatencyOut


class PointOut(FiguresOut):
    """The figures of one step."""

    at: datetime = Field(..., description="When the step begins")


class SeriesOut(Schema):
    """Every step between two moments, also those in which nothing happened. The first and the last step are whole."""

    step: int
    complete_until: datetime | None = Field(
        ..., description="Figures before this moment are kept; what is later was counted for this answer"
    )
    totals: FiguresOut
    points: list[PointOut]


@router.get(
    "/series", response=SeriesOut, auth=ApiKey("events:read"), summary="Figures over time", operation_id="get_series"
)
def get_series(request: HttpRequest, asked: Annotated[SeriesQuery, Query()]) -> SeriesOut:
    """Accepted, failed and held deliveries, bytes and latency. Needs the scope events:read."""
    return shown(_series(request, asked, timezone.now()))


def _series(request: HttpRequest, asked: SeriesQuery, now: datetime) -> Series:
    until = asked.to or now
    try:
        since = asked.from_ or until - DEFAULT_SPAN
    except OverflowError:
        raise Problem(422, "period_empty", "There is no time before that moment. Ask for a later one.") from None
    _check(since, until, asked.step, now)
    tenant = None if asked.tenant is None else tenant_of(request, asked.tenant)
    if asked.source is not None:
        sources = sources_of_environment(environment_of(request)).filter(public_id=asked.source)
        try:
            source = (sources.filter(tenant=tenant) if tenant else sources).get()
        except Source.DoesNotExist:
            raise Problem(404, "source_unknown", "This environment, or this tenant, has no such source.") from None
        return series_of_sources([source.pk], since=since, until=until, step=asked.step, now=now)
    if tenant is not None:
        return series_of_tenant(tenant.pk, since=since, until=until, step=asked.step, now=now)
    return series_of_environment(environment_of(request).pk, since=since, until=until, step=asked.step, now=now)


def _check(since: datetime, until: datetime, step: int, now: datetime) -> None:
    if step not in STEPS:
        raise Problem(422, "step_invalid", f"A step has one of {', '.join(map(str, STEPS))} minutes.")
    if since >= until:
        raise Problem(422, "period_empty", "The period ends before it begins. 'from' has to be earlier than 'to'.")
    if max(abs(now - since), abs(now - until)) > FURTHEST or points_between(since, until, step) > MAX_POINTS:
        raise Problem(
            422, "period_too_long", f"That would be more than {MAX_POINTS} points. Take a larger step or less time."
        )


def shown(series: Series) -> SeriesOut:
    """Return a series as the API shows it."""
    return SeriesOut(
        step=series.step,
        complete_until=series.complete_until,
        totals=FiguresOut(**_figures(series.totals)),
        points=[PointOut(at=at, **_figures(figures)) for at, figures in series.points.items()],
    )


def _figures(figures: Figures) -> dict[str, Any]:
    latency = {f"p{share}": figures.percentile(share / 100) for share in (50, 95, 99)}
    return {
        "accepted": figures.accepted,
        "failed": figures.failed,
        "failed_by_code": figures.failed_by_code,
        "held": figures.held,
        "bytes": figures.bytes,
        "latency": latency,
    }
