"""The status page of staff: every tenant."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.operators.headline import headline_of
from dashboard.web.live import page_or_region
from dashboard.web.overview import LIMIT, overview_of
from integrations.registration.models import Integration
from tenants.access import tenants_of
from tenants.models import User


def status(request: HttpRequest, user: User) -> HttpResponse:
    """Show where things stand with all tenants."""
    overview = overview_of(tenants_of(user), everybody=True, now=timezone.now())
    headline = headline_of(overview)
    begun = overview.tenants > 0 or Integration.objects.exists()
    context = {"overview": overview, "headline": headline, "limit": LIMIT, "begun": begun}
    return page_or_region(request, "operators/status.html", (overview, headline, begun), context, overview.asked_at)
