"""Who may open a page. Anonymous people are sent to sign in; whom a page does not concern is told 404, not 403.

Staff read every operator's page. Acting on them is a matter of role: see ACT_ON_TENANTS, TAKE_TO_AWS and CONFIGURE.
"""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from dashboard.web.signed_in import View, signed_in
from tenants.access import is_admin_of, is_staff, tenant_for
from tenants.models import StaffRole, User

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
    """Open a page of the tenant named in the URL to whoever may see it; the view gets the Tenant itself."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, tenant: str, *args: object, **kwargs: object) -> HttpResponseBase:
        return view(request, tenant_for(person_of(request), tenant), *args, **kwargs)

    return guarded


def tenant_action(view: View) -> View:
    """Open an action to the tenant's admins and to the staff who act on tenants; others who see it are told 403."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, tenant: str, *args: object, **kwargs: object) -> HttpResponseBase:
        person = person_of(request)
        found = tenant_for(person, tenant)
        if not (is_admin_of(person, found) or may(person, ACT_ON_TENANTS)):
            raise PermissionDenied
        return view(request, found, *args, **kwargs)

    return guarded


def may(person: User, roles: tuple[StaffRole, ...]) -> bool:
    """Return whether the person works in one of these roles, or is a superuser."""
    return person.is_active and (person.is_superuser or person.staff_role in roles)


def person_of(request: HttpRequest) -> User:
    """Return who is signed in, behind one of the doors above."""
    return cast(User, request.user)
