"""What is registered with AWS for each environment of an integration."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.onboarding.acting import actor_of, address_of
from dashboard.onboarding.forms import EnvironmentForm, of_environment
from dashboard.web.doors import TAKE_TO_AWS, staff_action
from dashboard.web.edit_conflict import Editing
from integrations.onboarding.profiles import integration_of
from integrations.registration.environments import add_environment, locked_environment
from integrations.registration.models import Environment, Integration
from integrations.sources.environment_changes import change_environment


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def environment(request: HttpRequest, integration: str, kind: str) -> HttpResponse:
    """Change, or add, what is registered with AWS for one environment."""
    found = integration_of(integration)
    if kind not in ("test", "production"):
        raise Http404
    known = found.environments.filter(kind=kind).first()
    shown = of_environment(known) if known else _fresh(found, kind)
    form = EnvironmentForm(request.POST or None, initial=shown)
    editing = Editing(form, shown if known else {}, log=("environment", known.public_id if known else ""))

    def change() -> None:
        actor, now, settings = actor_of(request), timezone.now(), form.settings(kind)
        if known:
            change_environment(environment=known, settings=settings, actor=actor, now=now)
        else:
            add_environment(integration=found, settings=settings, actor=actor, now=now)

    if form.is_valid() and editing.save(lambda: _stored(known) if known else {}, change):
        messages.success(request, f"The {kind} environment is stored.")
        return redirect(address_of(found))
    context = {"integration": found, "form": form, "editing": editing, "kind": kind}
    return render(request, "onboarding/environment.html", context, status=editing.status)


def _stored(known: Environment) -> dict[str, object]:
    return of_environment(locked_environment(known))


def _fresh(found: Integration, kind: str) -> dict[str, object]:
    domain, end = found.profile.domain, ".test" if kind == "test" else ""
    return {"namespace": f"aws.partner/{domain}{end}"} if domain else {}
