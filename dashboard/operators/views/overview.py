"""The overview: are events flowing, who has to do what, and what happened lately."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.operators.headline import headline_of
from dashboard.operators.needs import MOST_ATTENTION, needs_of
from dashboard.operators.overview import (
    PERIODS,
    USUAL,
    queued_now,
    recent_activity,
    segments_of,
    traffic_of,
)
from dashboard.web.doors import person_of, staff_page
from dashboard.web.live import page_or_region
from dashboard.web.overview import overview_of
from integrations.registration.models import Integration
from tenants.access import tenants_of
from tenants.models import User


@require_safe
@staff_page
def overview(request: HttpRequest) -> HttpResponse:
    """Show the overview at its own address."""
    return overview_page(request, person_of(request))


def overview_page(request: HttpRequest, user: User) -> HttpResponse:
    """Show where things stand with all tenants, with the traffic of the asked `period`."""
    now = timezone.now()
    found = overview_of(tenants_of(user), everybody=True, now=now, events=False)
    headline = headline_of(found)
    begun = found.tenants > 0 or Integration.objects.exists()
    queued, needs, happened = queued_now(), needs_of(found, now), recent_activity()
    period = _period_of(request)
    flowing, chart = traffic_of(period, now)
    per_minute = round(flowing.accepted[-1] / flowing.step) if flowing.accepted else 0
    facts = (headline, begun, queued, needs, happened, per_minute, found.census)
    context = {
        "overview": found,
        "headline": headline,
        "begun": begun,
        "queued": queued,
        "late": found.late,
        "per_minute": per_minute,
        "accepted": sum(flowing.accepted),
        "failing": sum(found.census[state] for state in ("failed", "expired", "gone")),
        "needs": needs[:MOST_ATTENTION],
        "more_needs": len(needs) - MOST_ATTENTION,
        "segments": segments_of(found),
        "happened": happened,
        "with_chart": True,
    } | _traffic_context(period, chart)
    return page_or_region(request, "operators/overview.html", facts, context)


@require_safe
@staff_page
def traffic(request: HttpRequest) -> HttpResponse:
    """Send the chart alone, to the overview that refreshes it once a minute."""
    if not request.htmx:  # type: ignore[attr-defined]
        return HttpResponseRedirect(reverse("overview"))
    period = _period_of(request)
    _, chart = traffic_of(period, timezone.now())
    return render(request, "operators/traffic.html", _traffic_context(period, chart))


def _period_of(request: HttpRequest) -> str:
    asked = request.GET.get("period", "")
    return asked if asked in PERIODS else USUAL


def _traffic_context(period: str, chart: object) -> dict[str, object]:
    return {
        "period": period,
        "periods": PERIODS,
        "chart": chart,
        "words": PERIODS[period][2],
        "unit": PERIODS[period][3],
    }
