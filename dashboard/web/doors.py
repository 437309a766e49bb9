"""Who may open a page. Anonymous people are sent to sign in; whom a page does not concern is told 404, not 403.

Staff read every operator's page. Acting on them is a matter of role: see ACT_ON_TENANTS, TAKE_TO_AWS and CONFIGURE.
"""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from dashboard.web.signed_in import View, signed_in
from dashboard.web.visitors import find_visitor, holds_a_cookie, visitor_of
from tenants.access import is_staff
from tenants.models import StaffRole, Tenant, User

# Sources, replays, members: what support does all day.
ACT_ON_TENANTS = (StaffRole.OPERATIONS, StaffRole.SUPPORT)
# Integrations on their way through AWS's stages.
TAKE_TO_AWS = (StaffRole.OPERATIONS, StaffRole.MANAGER)
# Keys, environments, maintenance, what is drifted at AWS.
CONFIGURE = (StaffRole.OPERATIONS,)


def staff_page(view: View) -> View:
    """Open a page to all staff."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not is_staff(person_of(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def staff_action(roles: tuple[StaffRole, ...]) -> Callable[[View], View]:
    """Open a page or action to these roles and superusers; other staff are told 403."""

    def door(view: View) -> View:
        @staff_page
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not may(person_of(request), roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return door


def tenant_page(view: View) -> View:
    """Open a page of the tenant named in the URL to whoever may see it; the view gets the Tenant itself.

    Who that is, a person or a guest of a portal session, `visitor_of(request)` tells.
    """

    @wraps(view)
    def guarded(request: HttpRequest, tenant: str, *args: object, **kwargs: object) -> HttpResponseBase:
        staff_act = request.user.is_authenticated and may(person_of(request), ACT_ON_TENANTS)
        visitor = find_visitor(request, tenant, staff_act=staff_act, now=timezone.now())
        if visitor is None:
            return _turned_away(request)
        request.visitor = visitor  # type: ignore[attr-defined]
        return view(request, visitor.tenant, *args, **kwargs)

    return guarded


def tenant_action(view: View) -> View:
    """Open an action to the tenant's admins and to the staff who act on tenants; others who see it are told 403."""

    @tenant_page
    @wraps(view)
    def guarded(request: HttpRequest, tenant: Tenant, *args: object, **kwargs: object) -> HttpResponseBase:
        if not visitor_of(request).acts:
            raise PermissionDenied
        return view(request, tenant, *args, **kwargs)

    return guarded


def _turned_away(request: HttpRequest) -> HttpResponseBase:
    """Tell strangers 404, guests that their session is over, and send everybody else to sign in."""
    if request.user.is_authenticated:
        raise Http404
    over = holds_a_cookie(request)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(reverse("portal_over" if over else "account_login"))
    if over:
        return redirect("portal_over")
    return redirect_to_login(request.get_full_path(), reverse("account_login"))


def may(person: User, roles: tuple[StaffRole, ...]) -> bool:
    """Return whether the person works in one of these roles, or is a superuser."""
    return person.is_active and (person.is_superuser or person.staff_role in roles)


def person_of(request: HttpRequest) -> User:
    """Return who is signed in, behind one of the doors above."""
    return cast(User, request.user)
