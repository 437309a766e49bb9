"""The way in from the SaaS's own pages: a link that opens once, and what is said when it does not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.web.doors import tenant_page
from dashboard.web.visitors import forget, remember, visitor_of
from tenants.models import Tenant
from tenants.portal_sessions import end_session, open_link

# Browsers and scanners that look ahead say so, and must not use the link up.
LOOKING_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


@never_cache
@require_safe
def open_portal(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a session's cookie and leave its address at once. HEAD and prefetching use nothing up."""
    if request.method == "HEAD" or any(name in request.headers for name in LOOKING_AHEAD):
        return _unreferred(HttpResponse(status=204))
    now = timezone.now()
    opened = open_link(token=token, now=now)
    if opened is None:
        return render(request, "portal/link_over.html", status=410)
    session, secret = opened
    response = redirect("portal_connection", tenant=session.tenant.public_id)
    remember(response, session, secret, now)
    return _unreferred(response)


@never_cache
@require_safe
def portal_over(request: HttpRequest) -> HttpResponse:
    """Say that the visit is over and how to come back."""
    return render(request, "portal/session_over.html")


@require_POST
@tenant_page
def leave_portal(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """End a guest's session."""
    session = visitor_of(request).session
    response = redirect("portal_over")
    if session is not None:
        end_session(session=session, actor=visitor_of(request).actor, now=timezone.now())
        forget(response, tenant)
    return response


def _unreferred(response: HttpResponse) -> HttpResponse:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
