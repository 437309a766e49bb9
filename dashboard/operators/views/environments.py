"""Environments: what becomes of events while AWS says PENDING, and which regions are held on purpose."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.web.doors import CONFIGURE, may, person_of, staff_action, staff_page
from dashboard.web.edit_conflict import Editing
from dashboard.web.kit import tabs_of
from integrations.registration.models import Environment, Maintenance
from integrations.sources.gate_policy import locked_with_sources, pending_sources, set_gate_policy
from integrations.sources.kit.publisher import publisher_texts
from integrations.sources.maintenance import begin_maintenance, end_maintenance
from tenants.audit import Actor
from tenants.audit_log import is_object_id


class GateForm(forms.Form):
    """What becomes of events meanwhile."""

    gate_policy = forms.ChoiceField(
        label="While AWS says PENDING", choices=Environment.GatePolicy.choices, widget=forms.RadioSelect
    )


@require_safe
@staff_page
def environments(request: HttpRequest) -> HttpResponse:
    """List the environments, few as they are."""
    found = Environment.objects.select_related("integration").prefetch_related("maintenances")
    context = {"environments": found.order_by("integration__name", "kind")}
    return render(request, "operators/environments.html", context)


@require_safe
@staff_page
def environment(request: HttpRequest, environment: str) -> HttpResponse:
    """Show one environment's gate policy and the maintenance switch of each region."""
    found = _environment(environment)
    return _shown(request, found, _gating(GateForm(initial=_gate(found)), found))


@require_POST
@staff_action(CONFIGURE)
def gate_policy(request: HttpRequest, environment: str) -> HttpResponse:
    """Set the gate policy; the gates of all pending sources follow."""
    found = _environment(environment)
    form = GateForm(request.POST)
    editing = _gating(form, found)

    def change() -> None:
        policy, actor = form.cleaned_data["gate_policy"], _actor(request)
        set_gate_policy(environment=found, policy=policy, actor=actor, now=timezone.now())

    if form.is_valid() and editing.save(lambda: _gate(locked_with_sources(found)[0]), change):
        messages.success(request, "The gate policy is set.")
        return redirect("operator_environment", environment=environment)
    return _shown(request, found, editing)


@require_http_methods(["GET", "POST"])
@staff_action(CONFIGURE)
def maintenance(request: HttpRequest, environment: str, region: str) -> HttpResponse:
    """Ask whether everything of a region is to be held, or to flow again, and do it."""
    found = _environment(environment)
    row = Maintenance.objects.filter(environment=found, region=region).first()
    if row is None and region not in found.regions:
        raise Http404
    if request.method == "POST":
        actor, now = _actor(request), timezone.now()
        if request.POST.get("switch") == "off":
            end_maintenance(environment=found, region=region, actor=actor, now=now)
            messages.success(request, f"Events in {region} flow again.")
        else:
            note = request.POST.get("note", "")
            begin_maintenance(environment=found, region=region, note=note, actor=actor, now=now)
            messages.success(request, f"Everything in {region} is held.")
        return redirect("operator_environment", environment=environment)
    return render(request, "operators/maintenance.html", {"environment": found, "region": region, "row": row})


def _shown(request: HttpRequest, found: Environment, editing: Editing) -> HttpResponse:
    held = {row.region: row for row in found.maintenances.all()}
    context = {
        "environment": found,
        "form": editing.form,
        "editing": editing,
        "pending": pending_sources(found),
        "regions": [(region, held.get(region)) for region in sorted({*found.regions, *held})],
        "may_configure": may(person_of(request), CONFIGURE),
        "role_texts": tabs_of(publisher_texts(found), [found.namespace, found.external_id]),
    }
    return render(request, "operators/environment.html", context, status=editing.status)


def _gating(form: GateForm, found: Environment) -> Editing:
    return Editing(form, _gate(found), log=("environment", found.public_id))


def _gate(environment: Environment) -> dict[str, str]:
    return {"gate_policy": environment.gate_policy}


def _environment(public_id: str) -> Environment:
    if not is_object_id(public_id):
        raise Http404
    found = Environment.objects.select_related("integration").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(person_of(request))
