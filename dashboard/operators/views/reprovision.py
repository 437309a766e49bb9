"""Provisioning many ended sources again: counted first, watched while it runs, and cancelled."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.operators.job_pages import JobPages
from dashboard.operators.reprovision_form import FilterForm, RateForm
from dashboard.operators.reprovision_progress import STATES, progress_of
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import ACT_ON_TENANTS, person_of, staff_action
from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.live import page_or_region
from dashboard.web.looks import SOURCE, look_of
from dashboard.web.paging import page_of
from integrations.kick import kick
from integrations.problems import Problem
from integrations.reconciliation.bulk_renewal import cancel_bulk_renewal, matching, request_bulk_renewal
from integrations.reconciliation.models import BulkRenewal, BulkRenewalItem
from integrations.reconciliation.tasks import reconcile
from integrations.sources.states import shown_state
from tenants.audit import Actor

SAMPLE = 20
NOT_SKIPPED = ("", "renewed")  # its turn has not come, or it was provisioned
COLUMNS: Mapping[str, Callable[[BulkRenewal], Any]] = {
    "id": lambda renewal: renewal.public_id,
    "created_at": lambda renewal: renewal.created_at,
    "requested_by": lambda renewal: renewal.actor_label,
    "environment": lambda renewal: renewal.environment,
    "states": lambda renewal: " ".join(renewal.wanted["states"]),
    "tenant": lambda renewal: renewal.wanted["tenant"],
    "region": lambda renewal: renewal.wanted["region"],
    "ended_since": lambda renewal: renewal.wanted["ended_since"],
    "state": lambda renewal: renewal.state,
    "total": lambda renewal: renewal.total,
    "renewed": lambda renewal: renewal.done,
    "skipped": lambda renewal: renewal.skipped,
    "ended_at": lambda renewal: renewal.ended_at,
}
RENEWALS = JobPages(
    BulkRenewal,
    STATES,
    COLUMNS,
    noun=("job", "jobs"),
    template="operators/renewals.html",
    file="reprovision",
    page="operator_reprovision_job",
)
SKIPPED = Filters(filters=(filters.search("Name"),), sorts=(Sort("turn", ("id",)),))
SKIPPED_COLUMNS: Mapping[str, Callable[[BulkRenewalItem], Any]] = {
    "source": lambda item: item.source.public_id,
    "tenant": lambda item: item.source.tenant.external_id,
    "name": lambda item: item.source.name,
    "outcome": lambda item: item.outcome,
    "message": lambda item: item.message,
}


@require_safe
@staff_action(ACT_ON_TENANTS)
def renewals(request: HttpRequest) -> HttpResponseBase:
    """List what was asked for, newest first."""
    return RENEWALS.list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(ACT_ON_TENANTS)
def new_renewal(request: HttpRequest) -> HttpResponse:
    """Count what the address asks for, and begin it when it is posted."""
    posted = request.method == "POST"
    chosen = FilterForm(request.GET if posted or "environment" in request.GET else None)
    rate = RateForm(request.POST if posted else None)
    context: dict[str, Any] = {"form": chosen, "rate": rate}
    if chosen.is_valid():
        if posted and rate.is_valid():
            try:
                return _begin(request, chosen, rate)
            except Problem as problem:
                rate.add_error(None, problem.detail)
        found = matching(chosen.wanted())
        sample = [(source, look_of(SOURCE, shown_state(source))) for source in found[:SAMPLE]]
        context |= {"counted": True, "count": found.count(), "sample": sample}
    status = 422 if chosen.errors or rate.errors else 200
    return render(request, "operators/reprovision_new.html", context, status=status)


@require_safe
@staff_action(ACT_ON_TENANTS)
def renewal(request: HttpRequest, renewal: UUID) -> HttpResponseBase:
    """Show how far it is, and which sources were left as they are."""
    found, asked = RENEWALS.found(renewal), SKIPPED.read(request)
    rows = BulkRenewalItem.objects.filter(renewal=found).exclude(outcome__in=NOT_SKIPPED)
    rows = rows.select_related("source__tenant")
    if words := asked.value("q"):
        rows = rows.filter(source__name__icontains=words)
    if asked.wants_csv:
        return csv_of("reprovision-skipped", SKIPPED_COLUMNS, every(rows, asked.sort.fields))
    progress = progress_of(found, timezone.now())
    context = {"renewal": found, "progress": progress, "list": asked, "here": request.get_full_path()}
    if progress.ended:
        context["shown"] = page_of(asked, rows, noun=("source", "sources"))
    return page_or_region(request, "operators/reprovision.html", progress, context)


@require_POST
@staff_action(ACT_ON_TENANTS)
def cancel(request: HttpRequest, renewal: UUID) -> HttpResponseRedirect:
    """Stop before the next source; what was provisioned stays."""
    said = "Cancelled. What was provisioned again until now stays so."
    return RENEWALS.act(request, renewal, lambda job, **by: cancel_bulk_renewal(renewal=job, **by), said)


def _begin(request: HttpRequest, chosen: FilterForm, rate: RateForm) -> HttpResponseRedirect:
    begun = request_bulk_renewal(
        wanted=chosen.wanted(),
        per_second=rate.cleaned_data["rate"],
        actor=Actor.person(person_of(request)),
        now=timezone.now(),
    )
    kick(reconcile)
    return redirect("operator_reprovision_job", renewal=begun.public_id)
