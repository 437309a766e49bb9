"""The connection page of one tenant: where its sources stand."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.portal.headline import headline_of
from dashboard.web.doors import tenant_page
from dashboard.web.live import page_or_region
from dashboard.web.overview import LIMIT, overview_of
from tenants.models import Tenant


@require_safe
@tenant_page
def connection(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Show where this tenant's sources stand."""
    overview = overview_of(Tenant.objects.filter(pk=tenant.pk), everybody=False, now=timezone.now())
    headline = headline_of(overview)
    context = {
        "overview": overview,
        "headline": headline,
        "limit": LIMIT,
        "pause": settings.ACTIVATION_PAUSE_SECONDS,
        "here": request.path,
    }
    return page_or_region(request, "portal/status.html", (overview, headline), context, overview.asked_at)
