"""The status page of a tenant's people: their own tenants and nothing else."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.portal.headline import headline_of
from dashboard.web.live import page_or_region
from dashboard.web.overview import LIMIT, overview_of
from tenants.access import tenants_of
from tenants.models import User


def status(request: HttpRequest, user: User) -> HttpResponse:
    """Show where things stand with this person's tenants."""
    overview = overview_of(tenants_of(user), everybody=False, now=timezone.now())
    headline = headline_of(overview)
    context = {
        "overview": overview,
        "headline": headline,
        "limit": LIMIT,
        "pause": settings.ACTIVATION_PAUSE_SECONDS,
    }
    return page_or_region(request, "portal/status.html", (overview, headline), context, overview.asked_at)
