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
from dashboard.web.edit_conflict import Editing
from integrations.registration.environments import locked_environment
from integrations.registration.models import Environment, Integration
from integrations.registration.policies import set_policies
from integrations.registration.renaming import locked_integration, rename_integration
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
    return _shown(request, found, _naming(NameForm(initial={"name": found.name}), found))


@require_POST
@staff_action(CONFIGURE)
def rename(request: HttpRequest, integration: UUID) -> HttpResponse:
    """Give the integration another name."""
    found = _integration(integration)
    form = NameForm(request.POST)
    editing = _naming(form, found)

    def change() -> None:
        actor, name = Actor.person(person_of(request)), form.cleaned_data["name"]
        rename_integration(integration=found, name=name, actor=actor, now=timezone.now())

    if form.is_valid() and editing.save(lambda: {"name": locked_integration(found).name}, change):
        messages.success(request, f"It is called {form.cleaned_data['name']} now.")
        return redirect("operator_integration", integration=integration)
    return _shown(request, found, editing)


@require_http_methods(["GET", "POST"])
@staff_action(CONFIGURE)
def environment_settings(request: HttpRequest, environment: UUID) -> HttpResponse:
    """Show an environment's settings; on submit try the credentials at AWS, then save."""
    found = _environment(environment)
    form = EnvironmentForm(request.POST if request.method == "POST" else None, initial=filled_with(found))
    editing = Editing(form, filled_with(found), log=("environment", found.public_id))
    if form.is_valid() and _save(form, editing, found, Actor.person(person_of(request))):
        messages.success(request, f"The settings of {found} are saved.")
        return redirect("operator_integration", integration=found.integration.public_id)
    context = {"environment": found, "form": form, "editing": editing}
    return render(request, "operators/environment_settings.html", context, status=editing.status)


def _save(form: EnvironmentForm, editing: Editing, environment: Environment, actor: Actor) -> bool:
    wanted, now = form.settings(environment), timezone.now()
    refusal = "" if form.cleaned_data["untested"] else wrong_with_credentials(wanted)
    if refusal:
        form.add_error(None, refusal)
        return False

    def change() -> None:
        change_environment(environment=environment, settings=wanted, actor=actor, now=now)
        days = {name: form.cleaned_data[name] for name in ("retention_days", "hold_limit_days")}
        set_policies(environment=environment, **days, actor=actor, now=now)

    if not editing.save(lambda: filled_with(locked_environment(environment)), change):
        return False
    # Apart: everybody else locks sources before their environment.
    try_again(environment=environment, now=now)
    return True


def _naming(form: NameForm, found: Integration) -> Editing:
    return Editing(form, {"name": found.name}, log=("integration", found.public_id))


def _shown(request: HttpRequest, found: Integration, editing: Editing) -> HttpResponse:
    context = {
        "integration": found,
        "environments": found.environments.order_by("-kind"),
        "form": editing.form,
        "editing": editing,
        "may_configure": may(person_of(request), CONFIGURE),
    }
    return render(request, "operators/integration.html", context, status=editing.status)


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
