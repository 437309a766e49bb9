"""What a visitor of the portal chooses for themselves: the zone in which moments are written."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.portal.shell import shell
from dashboard.web.doors import tenant_page
from dashboard.web.zone import chosen_zone, zones
from tenants.models import Tenant


@require_safe
@tenant_page
def preferences(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Show in which zone this browser's moments are written, and where one says of what one hears."""
    context = shell(request, tenant, "", zones=zones(), chosen=chosen_zone(request))
    return render(request, "portal/preferences.html", context)
