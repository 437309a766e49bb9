"""Offering a tenant's events to an AWS account: fields, then name, ARN and the account to compare, then a yes."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.web.doors import ACT_ON_TENANTS, person_of, staff_action
from dashboard.web.source_forms import OfferForm
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.creation import create_source, offer_for
from integrations.sources.queries import other_tenants_with
from integrations.sources.selection import selection_of
from integrations.sources.tasks import advance_sources
from tenants.access import tenant_for
from tenants.audit import Actor
from tenants.models import Tenant


@require_http_methods(["GET", "POST"])
@staff_action(ACT_ON_TENANTS)
def offer(request: HttpRequest, tenant: str) -> HttpResponse:
    """Offer a source to a tenant; nothing is created before the account was compared."""
    owner = tenant_for(person_of(request), tenant)
    form = OfferForm(request.POST or None, regions=owner.directory.environment.regions)
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("confirmed") != "yes":
                return _confirm(request, owner, form)
            source, is_new = create_source(
                tenant=owner, actor=Actor.person(person_of(request)), now=timezone.now(), **form.cleaned_data
            )
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            kick(advance_sources)
            messages.success(request, "AWS is asked to create the source." if is_new else "This source exists already.")
            return redirect("operator_source", source=source.public_id)
    context = {"tenant": owner, "form": form}
    return render(request, "operators/offer.html", context, status=422 if form.errors else 200)


def _confirm(request: HttpRequest, owner: Tenant, form: OfferForm) -> HttpResponse:
    given: dict[str, Any] = form.cleaned_data
    selection_of(given["event_types"], given["pattern"])
    planned = offer_for(tenant=owner, account=given["account"], region=given["region"], label=given["label"])
    context = {
        "tenant": owner,
        "form": form,
        "offer": planned,
        "others": other_tenants_with(planned.account, owner),
        "posted": {name: request.POST.get(name, "") for name in ("event_types", "pattern")},
        "everything": given["event_types"] is None and given["pattern"] is None,
    }
    return render(request, "operators/offer_confirm.html", context)
