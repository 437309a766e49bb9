"""What a visitor of the portal chooses for themselves: the zone in which moments are written."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from dashboard.portal.shell import shell
from dashboard.web.doors import tenant_page
from dashboard.web.zone import chosen_zone, zones
from tenants.models import Tenant


@require_safe
@tenant_page
def preferences(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Show what this browser's moments are written in, and where one says what mails one gets."""
    context = shell(request, tenant, "", zones=zones(), chosen=chosen_zone(request), mails=_notifications(tenant))
    return render(request, "portal/preferences.html", context)


def _notifications(tenant: Tenant) -> str:
    """Return where one says what mails one gets; nothing while there is no such page."""
    try:
        return reverse("portal_notifications", args=[tenant.public_id])
    except NoReverseMatch:
        return ""
