"""The status page of a tenant's people: their own tenants and nothing else."""

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
    context = {"overview": overview, "headline": headline_of(overview), "limit": LIMIT}
    return page_or_region(request, "portal/status.html", overview, context)
