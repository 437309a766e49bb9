"""`/`: staff see every tenant, a tenant's people their own."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.operators.views.overview import overview_page
from dashboard.portal.views.status import status as status_for_tenants
from dashboard.web.signed_in import signed_in
from tenants.access import is_staff
from tenants.models import User


@require_safe
@signed_in
def status(request: HttpRequest) -> HttpResponse:
    """Show the status page that belongs to this person."""
    user = cast(User, request.user)
    page = overview_page if is_staff(user) else status_for_tenants
    return page(request, user)
