"""The health page: does it run, and if not, what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.operators.health import health_at, identities
from dashboard.web.doors import staff_page
from dashboard.web.live import page_or_region


@require_safe
@staff_page
def health(request: HttpRequest) -> HttpResponse:
    """Show what the doctor finds, who is at work, what waits, what AWS allows, and how large the store is."""
    found = health_at(timezone.now())
    facts = (
        found.seen,
        found.publishers,
        found.queued,
        [(each.place, each.breaker and each.breaker.pk) for each in found.at_aws],
    )
    return page_or_region(request, "operators/health.html", facts, {"health": found})


@require_safe
@staff_page
def aws_identities(request: HttpRequest) -> HttpResponse:
    """Ask AWS whose the credentials are: on a page of its own, because AWS may take its time."""
    return render(request, "operators/aws_identities.html", {"seen": identities()})
