"""AWS's approval of the request, written down; the namespace is probed at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.onboarding.acting import actor_of, address_of, day_in, detail_of
from dashboard.web.doors import TAKE_TO_AWS, staff_action
from integrations.aws.limits import LimitError
from integrations.onboarding.approval import record_approval
from integrations.onboarding.models import ChecklistItem
from integrations.onboarding.profiles import integration_of
from integrations.onboarding.proving import check_item
from integrations.problems import Problem


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def approval(request: HttpRequest, integration: str) -> HttpResponse:
    """Record the approval with the namespace that AWS granted, and see whether it can be used."""
    found = integration_of(integration)
    environment = found.environments.filter(kind="test").first()
    entered = {
        "namespace": environment.namespace if environment else "",
        "approved_on": timezone.now().date().isoformat(),
        "note": "",
    }
    refused = ""
    if request.method == "POST":
        entered = {name: request.POST.get(name, "")[:2_000].strip() for name in entered}
        try:
            record_approval(
                integration=found,
                namespace=entered["namespace"],
                approved_on=day_in(request, "approved_on") or timezone.now().date(),
                note=entered["note"],
                actor=actor_of(request),
                now=timezone.now(),
            )
        except (Problem, LimitError) as refusal:
            refused = detail_of(refusal)
        else:
            _probe(request, found.pk)
            return redirect(address_of(found))
    context = {"integration": found, "entered": entered, "refused": refused}
    return render(request, "onboarding/approval.html", context)


def _probe(request: HttpRequest, integration: int) -> None:
    item = ChecklistItem.objects.get(stage__integration=integration, key="test-enabled")
    checked = check_item(item=item, actor=actor_of(request), clock=timezone.now)
    if checked.state == ChecklistItem.State.DONE:
        messages.success(request, "AWS lets us use the namespace: a probe source was made and deleted.")
    else:
        # Nothing is missing where the sweep began its own look meanwhile: its answer counts.
        messages.warning(request, checked.missing or "AWS is being asked just now whether we may use the namespace.")
