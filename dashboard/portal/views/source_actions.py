"""What a tenant's admin does with a connection: pause, resume, offer again, delete, send a test event."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.portal.connection import connection_for
from dashboard.portal.shell import shell
from dashboard.web.doors import tenant_action
from dashboard.web.visitors import visitor_of
from integrations.events.trial import send_test_event
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.deletion import delete_source
from integrations.sources.pausing import pause_source, resume_source
from integrations.sources.renewal import reprovision
from integrations.sources.tasks import advance_sources
from tenants.models import Tenant

ACTIONS: dict[str, tuple[Callable[..., Any], str | Promise]] = {
    "pause": (pause_source, gettext_lazy("Sending is paused. Events are held until somebody resumes it.")),
    "resume": (resume_source, gettext_lazy("Sending goes on; what was held flows first.")),
    "offer-again": (reprovision, gettext_lazy("AWS is asked to offer it again. What is held waits for it.")),
    "test": (send_test_event, gettext_lazy("A test event of type partnerbus.test is on its way.")),
}


@require_POST
@tenant_action
def act(request: HttpRequest, tenant: Tenant, source: str, action: str) -> HttpResponse:
    """Do one of ACTIONS with a connection of this tenant."""
    found = connection_for(tenant, source, now=timezone.now())
    use_case, said = ACTIONS[action]
    try:
        use_case(source=found.source, actor=visitor_of(request).actor, now=timezone.now())
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        kick(advance_sources)
        messages.success(request, str(said))
    return redirect("portal_source", tenant=tenant.public_id, source=found.key)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_action
def delete(request: HttpRequest, tenant: Tenant, source: str) -> HttpResponse:
    """Ask, and then delete a connection; what waits is kept, in case it is offered again."""
    found = connection_for(tenant, source, now=timezone.now())
    if request.method != "POST" or request.POST.get("typed") != found.label:
        error = _("What you typed is not the label.") if request.method == "POST" else ""
        context = shell(request, tenant, "portal_connection", connection=found, error=error)
        return render(request, "portal/delete_connection.html", context, status=422 if error else 200)
    delete_source(source=found.source, keep_queue=True, actor=visitor_of(request).actor, now=timezone.now())
    kick(advance_sources)
    return redirect("portal_source", tenant=tenant.public_id, source=found.key)
