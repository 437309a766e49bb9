"""Tenants: who they are, and one tenant with its sources over all regions, its people and what was done."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.operators.environment_choice import environments
from dashboard.operators.views.sources import lines_of
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.differences import in_runs
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_action, staff_page
from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.paging import page_of
from dashboard.web.standing import with_former_word
from integrations.events.queries import counters_of
from integrations.kick import kick
from integrations.sources.closing import close_tenant
from integrations.sources.models import Desired
from integrations.sources.queries import sources_of_tenant
from integrations.sources.tasks import advance_sources
from integrations.sources.tenant_listing import TenantQuestion, tenants_asked
from tenants.access import tenant_for
from tenants.audit import Actor
from tenants.audit_log import AuditQuestion, audit_entries
from tenants.models import Tenant

MOST_SOURCES = 50
ACTIVITY = 10
HAS = (("sources", "With sources"), ("none", "Without a source"), ("closed", "Closed"))

LIST = Filters(
    filters=(
        filters.search("How the name begins, or your own id"),
        filters.choice("environment", "Environment", environments),
        filters.choice("has", "Sources", HAS, anything="With or without sources"),
    ),
    sorts=(Sort("name", ("name", "pk")), Sort("created", ("-pk",))),
)
COLUMNS: Mapping[str, Callable[[Tenant], Any]] = {
    "tenant": lambda tenant: tenant.external_id,
    "name": lambda tenant: tenant.name,
    "environment": lambda tenant: str(tenant.directory.environment),
    "sources": lambda tenant: vars(tenant)["source_count"],
    "created_at": lambda tenant: tenant.created_at,
    "closed_at": lambda tenant: tenant.closed_at,
    "id": lambda tenant: tenant.public_id,
}


@require_safe
@staff_page
def tenants(request: HttpRequest) -> HttpResponseBase:
    """List tenants by name, or send them as a file."""
    asked = LIST.read(request)
    question = TenantQuestion(words=asked.value("q"), environment=asked.value("environment"), has=asked.value("has"))
    found = tenants_asked(question)
    if asked.wants_csv:
        return csv_of("tenants", COLUMNS, every(found, asked.sort.fields))
    page = page_of(asked, found, noun=("tenant", "tenants"))
    return render(request, "operators/tenants.html", {"list": asked, "shown": page})


@require_safe
@staff_page
def tenant(request: HttpRequest, tenant: str) -> HttpResponse:
    """Show one tenant."""
    person = person_of(request)
    found = tenant_for(person, tenant)
    sources = with_former_word(sources_of_tenant(found)).select_related("environment__integration", "tenant")
    listed = list(sources.order_by("-pk")[: MOST_SOURCES + 1])
    activity = audit_entries(AuditQuestion(tenant_id=found.pk)).order_by("-at", "-id")[: 4 * ACTIVITY]
    context = {
        "tenant": found,
        "environment": found.directory.environment,
        "lines": lines_of(listed[:MOST_SOURCES]),
        "more": len(listed) > MOST_SOURCES,
        "members": found.memberships.select_related("user").order_by("user__email"),
        "activity": list(in_runs(activity))[:ACTIVITY],
        "may_act": may(person, ACT_ON_TENANTS),
    }
    return render(request, "operators/tenant.html", context)


@require_http_methods(["GET", "POST"])
@staff_action(ACT_ON_TENANTS)
def close(request: HttpRequest, tenant: str) -> HttpResponse:
    """Ask for the tenant's id, and close it for good."""
    person = person_of(request)
    found = tenant_for(person, tenant)
    error = ""
    if request.method == "POST":
        if request.POST.get("typed") == found.external_id:
            close_tenant(tenant=found, actor=Actor.person(person), now=timezone.now())
            kick(advance_sources)
            messages.success(request, f"{found.name} is closed. Its sources are being deleted at AWS.")
            return redirect("operator_tenant", tenant=tenant)
        error = "That is not the tenant's id. Nothing was closed."
    offers = sources_of_tenant(found).exclude(desired=Desired.ABSENT)
    queues = counters_of(list(offers.values_list("pk", flat=True)))
    waiting = sum(each.waiting + each.held for each in queues.values())
    context = {"tenant": found, "sources": len(queues), "waiting": waiting, "error": error}
    return render(request, "operators/tenant_close.html", context, status=422 if error else 200)
