"""Drift: what differs between AWS and us, what each action would do, and the decision."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.operators.environment_choice import environments
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import CONFIGURE, may, person_of, staff_action, staff_page
from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.looks import Look
from dashboard.web.paging import page_of
from integrations.kick import kick
from integrations.problems import Problem
from integrations.reconciliation.adoption import adopt_orphan
from integrations.reconciliation.drift_actions import ACTIONS, decide, preview
from integrations.reconciliation.drifts import drift_of, open_drifts
from integrations.reconciliation.models import Drift, Survey
from integrations.reconciliation.surveying import survey_everything
from integrations.reconciliation.tasks import reconcile
from tenants.audit import Actor

KINDS = {
    "orphan": Look("wait", "help-circle", "Unknown here"),
    "ghost": Look("bad", "unlink", "Gone at AWS"),
    "foreign": Look("bad", "users", "Offered to another account"),
}
WORDS = {"adopt": "Adopt", "recreate": "Offer again", "delete": "Delete"}

LIST = Filters(
    filters=(
        filters.search("Name"),
        filters.choice("kind", "Kind", [(kind, look.word) for kind, look in KINDS.items()]),
        filters.choice("environment", "Environment", environments, anything="All environments"),
    ),
    sorts=(Sort("seen", ("-id",)),),
)
COLUMNS: Mapping[str, Callable[[Drift], Any]] = {
    "kind": lambda drift: drift.kind,
    "environment": lambda drift: drift.environment,
    "region": lambda drift: drift.region,
    "name": lambda drift: drift.name,
    "accounts_at_aws": lambda drift: " ".join(drift.accounts),
    "first_seen_at": lambda drift: drift.first_seen_at,
    "last_seen_at": lambda drift: drift.last_seen_at,
    "wanted": lambda drift: drift.wanted,
    "failure": lambda drift: drift.failure,
}


class AdoptionForm(forms.Form):
    """Who takes an orphan over."""

    tenant = forms.CharField(label="Tenant", max_length=128, help_text="Your own id of the tenant.")
    account = forms.ChoiceField(label="AWS account", help_text="To which AWS offers it. No other can be chosen.")


@require_safe
@staff_page
def drift(request: HttpRequest) -> HttpResponseBase:
    """List what differs, and say when AWS was last looked through."""
    asked = LIST.read(request)
    rows = open_drifts().order_by()
    if words := asked.value("q"):
        rows = rows.filter(name__icontains=words)
    if kind := asked.value("kind"):
        rows = rows.filter(kind=kind)
    if environment := asked.value("environment"):
        rows = rows.filter(environment__public_id=environment)
    if asked.wants_csv:
        return csv_of("drift", COLUMNS, every(rows, asked.sort.fields))
    shown = page_of(asked, rows, noun=("difference", "differences"))
    lines = [(each, KINDS[each.kind], [(name, WORDS[name]) for name in ACTIONS[each.kind]]) for each in shown.rows]
    surveys = Survey.objects.select_related("environment__integration").order_by("environment_id", "region")[:50]
    context = {"list": asked, "shown": shown, "lines": lines, "surveys": surveys}
    return render(request, "operators/drift.html", context | {"acts": may(person_of(request), CONFIGURE)})


@require_POST
@staff_action(CONFIGURE)
def survey(request: HttpRequest) -> HttpResponse:
    """Look through AWS now instead of at the next survey."""
    survey_everything(actor=Actor.person(person_of(request)), now=timezone.now())
    kick(reconcile)
    messages.success(request, "AWS is looked through now. With many sources that takes some minutes.")
    return redirect("operator_drift")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(CONFIGURE)
def drift_action(request: HttpRequest, drift: UUID, action: str) -> HttpResponse:
    """Say what an action will do, and have it done."""
    found = _found(drift)
    form = _form(request, found) if action == "adopt" else None
    error = ""
    try:
        sentence = preview(found, action)
        if request.method == "POST" and (form is None or form.is_valid()):
            _act(request, found, action, form)
            return redirect("operator_drift")
    except Problem as problem:
        error = problem.detail
        sentence = ""
    title = f"{WORDS.get(action, action)} {found.name}?"
    context = {"drift": found, "action": WORDS.get(action, action), "title": title, "sentence": sentence, "form": form}
    status = 409 if error else 422 if form and form.errors else 200
    return render(request, "operators/drift_action.html", context | {"error": error}, status=status)


def _form(request: HttpRequest, found: Drift) -> AdoptionForm:
    form = AdoptionForm(request.POST if request.method == "POST" else None)
    form.fields["account"].choices = [(account, account) for account in found.accounts]  # type: ignore[attr-defined]
    return form


def _act(request: HttpRequest, found: Drift, action: str, form: AdoptionForm | None) -> None:
    actor, now = Actor.person(person_of(request)), timezone.now()
    if form is not None:
        adopt_orphan(drift=found, **form.cleaned_data, actor=actor, now=now)
        messages.success(request, "It is adopted in a moment, after AWS was asked once more.")
    else:
        decide(drift=found, action=action, actor=actor, now=now)
        messages.success(request, "It is done in a moment. It leaves the list when AWS has confirmed it.")
    kick(reconcile)


def _found(public_id: UUID) -> Drift:
    try:
        return drift_of(public_id)
    except Problem:
        raise Http404 from None
