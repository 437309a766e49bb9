"""Choosing which events a connection gets, tried on the tenant's latest events before it is saved."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.portal.connection import Connection, connection_for
from dashboard.portal.event_types import options_of, types_for
from dashboard.portal.shell import shell
from dashboard.web.doors import tenant_action
from dashboard.web.visitors import visitor_of
from integrations.events.selection_trial import Trial, read_pattern, try_selection
from integrations.problems import Problem
from integrations.sources.reselection import change_selection
from tenants.models import Tenant

FIELD_OF = {"pattern_invalid": "pattern", "pasted_invalid": "pasted", "event_types_invalid": "types"}


class SelectionForm(forms.Form):
    """Which events; the domain checks them."""

    scope = forms.ChoiceField(
        label=gettext_lazy("Event types"),
        choices=[("all", gettext_lazy("All event types, also new ones")), ("some", gettext_lazy("Only these types"))],
        widget=forms.RadioSelect,
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("Types"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    pattern = forms.CharField(
        label=gettext_lazy("Event pattern"),
        required=False,
        max_length=4_000,
        help_text=gettext_lazy("As in a rule of EventBridge. Only events that it matches are sent."),
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "class": "mono",
                "spellcheck": "false",
                "placeholder": '{"detail": {"total": [{"numeric": [">", 100]}]}}',
            }
        ),
    )
    pasted = forms.CharField(
        label=gettext_lazy("Try it on an event of your own"),
        required=False,
        help_text=gettext_lazy("Paste a whole event or its detail. It is not kept."),
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, types: list[tuple[str, str]], data: Any = None, **named: Any) -> None:
        super().__init__(data, **named)
        selectable: Any = self.fields["types"]
        selectable.choices = options_of(types)

    def selection(self) -> dict[str, Any]:
        """Return what is asked for, as the domain takes it. Raises Problem 422 `pattern_invalid`."""
        chosen = self.cleaned_data["types"] if self.cleaned_data["scope"] == "some" else None
        return {"event_types": chosen, "pattern": read_pattern(self.cleaned_data["pattern"])}


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_action
def selection(request: HttpRequest, tenant: Tenant, source: str) -> HttpResponse:
    """Show what the connection gets; try another selection, or save it."""
    found = connection_for(tenant, source, now=timezone.now())
    types = _types(tenant, found)
    if request.method != "POST":
        return _page(request, tenant, found, SelectionForm(types, initial=_initial(found)))
    form = SelectionForm(types, request.POST)
    if not form.is_valid():
        return _page(request, tenant, found, form)
    try:
        return _act(request, tenant, found, form)
    except Problem as problem:
        form.add_error(FIELD_OF.get(problem.code), problem.detail)
        return _page(request, tenant, found, form)


def _act(request: HttpRequest, tenant: Tenant, found: Connection, form: SelectionForm) -> HttpResponse:
    actor, now, wanted = visitor_of(request).actor, timezone.now(), form.selection()
    if "save" not in request.POST:
        trial = try_selection(source=found.source, **wanted, pasted=form.cleaned_data["pasted"], actor=actor, now=now)
        return _page(request, tenant, found, form, trial)
    change_selection(source=found.source, **wanted, actor=actor, now=now)
    messages.success(request, _("Saved. It counts for events from now on; what is stored already was decided before."))
    return redirect("portal_source", tenant=tenant.public_id, source=found.key)


def _page(
    request: HttpRequest, tenant: Tenant, found: Connection, form: SelectionForm, trial: Trial | None = None
) -> HttpResponse:
    context = shell(request, tenant, "portal_connection", connection=found, form=form, trial=trial)
    part = "portal/selection.html#trial" if request.htmx else "portal/selection.html"  # type: ignore[attr-defined]
    # htmx swaps nothing that is an error, and the sentence is what somebody who tries needs to read.
    status = 422 if form.errors and not request.htmx else 200  # type: ignore[attr-defined]
    return render(request, part, context, status=status)


def _types(tenant: Tenant, found: Connection) -> list[tuple[str, str]]:
    """Return what can be chosen; what is chosen already stays, also when no event has it any more."""
    return sorted((dict.fromkeys(found.event_types or [], "") | dict(types_for(tenant))).items())


def _initial(found: Connection) -> dict[str, Any]:
    pattern = found.source.pattern
    return {
        "scope": "all" if found.event_types is None else "some",
        "types": found.event_types or [],
        "pattern": "" if pattern is None else json.dumps(pattern, indent=2, ensure_ascii=False),
    }
