"""Why does a tenant get no events? The page for support."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.web.doors import person_of, staff_page
from dashboard.web.live import page_or_region
from dashboard.web.silence import answer_for_staff
from integrations.events.silence import silence_of
from tenants.access import tenant_for


@require_safe
@staff_page
def diagnosis(request: HttpRequest, tenant: str) -> HttpResponse:
    """Show one sentence, one button and the checks that led there; it looks again by itself."""
    asked = tenant_for(person_of(request), tenant)
    silence = silence_of(asked, now=timezone.now())
    answer = answer_for_staff(silence)
    context = {"tenant": asked, "answer": answer, "source": silence.source, "here": request.path}
    facts = [(step.key, step.tone, str(step.sentence), step.facts) for step in answer.steps]
    return page_or_region(request, "operators/diagnosis.html", facts, context)
