"""Integrations and the settings of their environments."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.operators.credentials import wrong_with_credentials
from dashboard.operators.environment_form import EnvironmentForm, filled_with
from dashboard.web.doors import CONFIGURE, TAKE_TO_AWS, may, person_of, staff_action, staff_page
from integrations.aws.limits import LimitError
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from integrations.registration.policies import set_policies
from integrations.registration.renaming import rename_integration
from integrations.sources.environment_changes import change_environment
from integrations.sources.second_tries import try_again
from tenants.audit import Actor


class NameForm(forms.Form):
    """The name that people read."""

    name = forms.CharField(label="Name", max_length=200)


@require_safe
@staff_page
def integrations(request: HttpRequest) -> HttpResponse:
    """List all integrations with their environments: there are a handful."""
    found = Integration.objects.prefetch_related("environments").order_by("name")
    person = person_of(request)
    context = {
        "integrations": found,
        "may_configure": may(person, CONFIGURE),
        "may_begin": may(person, TAKE_TO_AWS),
    }
    return render(request, "operators/integrations.html", context)


@require_safe
@staff_page
def integration(request: HttpRequest, integration: UUID) -> HttpResponse:
    """Show one integration, with a form for its name and the way to its environments' settings."""
    found = _integration(integration)
    return _shown(request, found, NameForm({"name": found.name}))


@require_POST
@staff_action(CONFIGURE)
def rename(request: HttpRequest, integration: UUID) -> HttpResponse:
    """Give the integration another name."""
    found = _integration(integration)
    form = NameForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, form, status=422)
    actor, now = Actor.person(person_of(request)), timezone.now()
    changed = rename_integration(integration=found, name=form.cleaned_data["name"], actor=actor, now=now)
    messages.success(request, f"It is called {changed.name} now.")
    return redirect("operator_integration", integration=integration)


@require_http_methods(["GET", "POST"])
@staff_action(CONFIGURE)
def environment_settings(request: HttpRequest, environment: UUID) -> HttpResponse:
    """Show an environment's settings; on submit try the credentials at AWS, then save."""
    found = _environment(environment)
    form = EnvironmentForm(request.POST if request.method == "POST" else None, initial=filled_with(found))
    if form.is_valid() and _save(form, found, Actor.person(person_of(request))):
        messages.success(request, f"The settings of {found} are saved.")
        return redirect("operator_integration", integration=found.integration.public_id)
    context = {"environment": found, "form": form}
    return render(request, "operators/environment_settings.html", context, status=422 if form.errors else 200)


def _save(form: EnvironmentForm, environment: Environment, actor: Actor) -> bool:
    wanted = form.settings(environment)
    refusal = "" if form.cleaned_data["untested"] else wrong_with_credentials(wanted)
    if refusal:
        form.add_error(None, refusal)
        return False
    now = timezone.now()
    try:
        change_environment(environment=environment, settings=wanted, actor=actor, now=now)
        set_policies(
            environment=environment,
            retention_days=form.cleaned_data["retention_days"],
            hold_limit_days=form.cleaned_data["hold_limit_days"],
            actor=actor,
            now=now,
        )
        try_again(environment=environment, now=now)
    except (Problem, LimitError) as refused:
        form.add_error(None, refused.detail if isinstance(refused, Problem) else str(refused))
        return False
    return True


def _shown(request: HttpRequest, found: Integration, form: NameForm, status: int = 200) -> HttpResponse:
    context = {
        "integration": found,
        "environments": found.environments.order_by("-kind"),
        "form": form,
        "may_configure": may(person_of(request), CONFIGURE),
    }
    return render(request, "operators/integration.html", context, status=status)


def _integration(public_id: UUID) -> Integration:
    found = Integration.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _environment(public_id: UUID) -> Environment:
    found = Environment.objects.select_related("integration").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
