"""Changing a source: what it selects, how fast it drains, and to whom it is offered instead."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.operators.source_facts import SourceFacts, facts_of, loaded
from dashboard.web.doors import ACT_ON_TENANTS, person_of, staff_action
from dashboard.web.source_forms import DrainForm, PlaceForm, SelectionForm, selection_as_text
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.drain import set_drain_rate
from integrations.sources.models import Source
from integrations.sources.queries import other_tenants_with, source_for
from integrations.sources.reselection import change_selection
from integrations.sources.succession import Succession, plan_succession, succeed
from integrations.sources.tasks import advance_sources
from tenants.audit import Actor


@require_http_methods(["GET", "POST"])
@staff_action(ACT_ON_TENANTS)
def selection(request: HttpRequest, source: str) -> HttpResponse:
    """Choose which events the source gets from now on."""
    found = source_for(person_of(request), source, loaded)
    form = SelectionForm(request.POST or None, initial=selection_as_text(found))
    if request.method == "POST" and form.is_valid():
        try:
            change_selection(source=found, actor=_actor(request), now=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            messages.success(request, "The selection is changed. What is stored already stays as it was decided.")
            return redirect("operator_source", source=source)
    return _form(request, found, form, "Which events it gets", "Change selection")


@require_http_methods(["GET", "POST"])
@staff_action(ACT_ON_TENANTS)
def drain(request: HttpRequest, source: str) -> HttpResponse:
    """Choose how fast the source's queue flows."""
    found = source_for(person_of(request), source, loaded)
    form = DrainForm(request.POST or None, initial={"per_second": vars(found)["per_second"]})
    if request.method == "POST" and form.is_valid():
        try:
            set_drain_rate(source=found, actor=_actor(request), now=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            rate = form.cleaned_data["per_second"]
            told = f"Its queue flows at {rate:,} a second at most." if rate else "Its queue flows without a limit."
            messages.success(request, told)
            return redirect("operator_source", source=source)
    return _form(request, found, form, "How fast its queue flows", "Set drain rate")


@require_http_methods(["GET", "POST"])
@staff_action(ACT_ON_TENANTS)
def succession(request: HttpRequest, source: str) -> HttpResponse:
    """Offer to another account, in another region or under another label: fields, then a preview, then a yes."""
    found = source_for(person_of(request), source, loaded)
    initial = {"account": found.account, "region": found.region, "label": found.label}
    form = PlaceForm(request.POST or None, initial=initial, regions=found.environment.regions)
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("confirmed") != "yes":
                plan = plan_succession(source=found, **form.cleaned_data)
                return _preview(request, found, plan)
            new = succeed(source=found, actor=_actor(request), now=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            kick(advance_sources)
            messages.success(request, "The new source took over. The old one is being deleted at AWS.")
            return redirect("operator_source", source=new.public_id)
    return _form(request, found, form, "Offer it to another account or region", "Show what would happen")


def _preview(request: HttpRequest, source: Source, plan: Succession) -> HttpResponse:
    context = {
        "facts": facts_of(source),
        "plan": plan,
        "others": other_tenants_with(plan.offer.account, source.tenant),
    }
    return render(request, "operators/source_succession.html", context)


def _form(request: HttpRequest, source: Source, form: Any, title: str, button: str) -> HttpResponse:
    facts: SourceFacts = facts_of(source)
    context = {"facts": facts, "form": form, "title": title, "button": button}
    return render(request, "operators/source_form.html", context, status=422 if form.errors else 200)


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(person_of(request))
