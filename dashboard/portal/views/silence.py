"""Why do I get no events? The checks in the tenant's own words, and the button that mends the first problem."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.portal.mending import mending
from dashboard.portal.shell import shell
from dashboard.portal.views.connection import TAB
from dashboard.web.doors import tenant_page
from dashboard.web.live import page_or_region
from dashboard.web.silence import answer_for_tenant
from dashboard.web.visitors import visitor_of
from integrations.events.silence import silence_for_tenant
from integrations.sources.kit.symptoms import Moment, symptoms_at
from tenants.models import Tenant


@require_safe
@tenant_page
def silence(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Show the sentence that answers, what to do about it, and the checks that led there."""
    found = silence_for_tenant(tenant, now=timezone.now())
    answer = answer_for_tenant(found, mending(tenant, found, acts=visitor_of(request).acts))
    context = shell(request, tenant, TAB, answer=answer, source=found.source, here=request.path)
    if found.decisive.key == "receiver":
        context["symptoms"] = symptoms_at(Moment.RECEIVING)
    facts = [(step.key, step.tone, str(step.sentence), step.facts) for step in answer.steps]
    return page_or_region(request, "portal/silence.html", facts, context)
