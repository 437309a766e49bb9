"""Handing a connection over to whoever runs the AWS account: making the links and withdrawing them."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.portal.connection import Connection, connection_for
from dashboard.portal.kit import kit_for
from dashboard.portal.shell import shell
from dashboard.web.doors import tenant_action, tenant_page
from dashboard.web.kit import kit_file
from dashboard.web.visitors import visitor_of
from integrations.problems import Problem
from integrations.sources.handoff import create_link, link_of, open_links, revoke_link
from tenants.models import Tenant


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_action
def hand_over(request: HttpRequest, tenant: Tenant, source: str) -> HttpResponse:
    """List the links that open, and on submit make another and show it once."""
    now = timezone.now()
    found = connection_for(tenant, source, now=now)
    link = ""
    if request.method == "POST":
        try:
            _row, token = create_link(source=found.source, actor=visitor_of(request).actor, now=now)
            link = f"{settings.PUBLIC_URL}{reverse('hand_off', args=[token])}"
        except Problem as problem:
            messages.error(request, problem.detail)
    context = shell(request, tenant, "portal_connection", connection=found, link=link)
    context["links"] = open_links(found.source, now=now)
    response = render(request, "portal/hand_over.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
@tenant_action
def withdraw(request: HttpRequest, tenant: Tenant, source: str, link: str) -> HttpResponse:
    """Make a link worthless."""
    found = connection_for(tenant, source, now=timezone.now())
    row = link_of(found.source, _uuid(link))
    if row is None:
        raise Http404
    revoke_link(link=row, actor=visitor_of(request).actor, now=timezone.now())
    messages.success(request, _("The link opens nothing any more."))
    return redirect("portal_hand_over", tenant=tenant.public_id, source=found.key)


@require_safe
@tenant_page
def download(request: HttpRequest, tenant: Tenant, source: str, key: str) -> HttpResponse:
    """Send one text of the kit as a file."""
    found: Connection = connection_for(tenant, source, now=timezone.now())
    return kit_file(kit_for(found), key)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
