"""Adoption from a file: every line is looked at first, and taken over when somebody has seen the result."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.operators.adoption_form import AdoptionForm
from dashboard.operators.adoption_progress import FINDINGS, STATES, look_of_finding, progress_of
from dashboard.operators.job_pages import JobPages
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import CONFIGURE, person_of, staff_action
from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.live import page_or_region
from dashboard.web.paging import page_of
from integrations.kick import kick
from integrations.problems import Problem
from integrations.reconciliation.adoption import apply_adoption, cancel_adoption, request_adoption
from integrations.reconciliation.models import Adoption, AdoptionLine
from integrations.reconciliation.tasks import reconcile
from tenants.audit import Actor

COLUMNS: Mapping[str, Callable[[Adoption], Any]] = {
    "id": lambda adoption: adoption.public_id,
    "created_at": lambda adoption: adoption.created_at,
    "requested_by": lambda adoption: adoption.actor_label,
    "environment": lambda adoption: adoption.environment,
    "state": lambda adoption: adoption.state,
    "lines": lambda adoption: adoption.total,
    "ended_at": lambda adoption: adoption.ended_at,
}
ADOPTIONS = JobPages(
    Adoption,
    STATES,
    COLUMNS,
    noun=("adoption", "adoptions"),
    template="operators/adoptions.html",
    file="adoptions",
    page="operator_adoption_job",
)
LINES = Filters(
    filters=(
        filters.search("Name or tenant"),
        filters.choice("finding", "Result", [(finding, look.word) for finding, look in FINDINGS.items()]),
    ),
    sorts=(Sort("line", ("number",)),),
)
LINE_COLUMNS: Mapping[str, Callable[[AdoptionLine], Any]] = {
    "line": lambda line: line.number,
    "name": lambda line: line.name,
    "tenant": lambda line: line.tenant,
    "tenant_name": lambda line: line.tenant_name,
    "account": lambda line: line.account,
    "region": lambda line: line.region,
    "result": lambda line: line.finding,
    "message": lambda line: line.message,
}


@require_safe
@staff_action(CONFIGURE)
def adoptions(request: HttpRequest) -> HttpResponseBase:
    """List the files that were handed in, newest first."""
    return ADOPTIONS.list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(CONFIGURE)
def new_adoption(request: HttpRequest) -> HttpResponse:
    """Take a file in and have every line looked at; nothing is adopted by that."""
    form = AdoptionForm(request.POST, request.FILES) if request.method == "POST" else AdoptionForm()
    if form.is_bound and form.is_valid():
        try:
            begun = request_adoption(
                environment=form.cleaned_data["environment"],
                text=form.cleaned_data["lines"],
                actor=Actor.person(person_of(request)),
                now=timezone.now(),
            )
        except Problem as problem:
            form.add_error("file" if form.cleaned_data["file"] else "text", problem.detail)
        else:
            kick(reconcile)
            return redirect("operator_adoption_job", adoption=begun.public_id)
    return render(request, "operators/adoption_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@staff_action(CONFIGURE)
def adoption(request: HttpRequest, adoption: UUID) -> HttpResponseBase:
    """Show how far an adoption is, and once AWS was asked, what it means for every line."""
    found, asked = ADOPTIONS.found(adoption), LINES.read(request)
    rows = AdoptionLine.objects.filter(adoption=found)
    if words := asked.value("q"):
        rows = rows.filter(name__icontains=words) | rows.filter(tenant__icontains=words)
    if finding := asked.value("finding"):
        rows = rows.filter(finding=finding)
    if asked.wants_csv:
        return csv_of("adoption", LINE_COLUMNS, every(rows, asked.sort.fields))
    progress = progress_of(found, timezone.now())
    shown = page_of(asked, rows.select_related("source"), noun=("line", "lines"))
    lines = [(line, look_of_finding(line.finding)) for line in shown.rows]
    facts = (progress, [(line.number, line.finding, line.message) for line in shown.rows])
    context = {"adoption": found, "progress": progress, "list": asked, "shown": shown, "lines": lines}
    return page_or_region(request, "operators/adoption.html", facts, context | {"here": request.get_full_path()})


@require_POST
@staff_action(CONFIGURE)
def apply(request: HttpRequest, adoption: UUID) -> HttpResponseRedirect:
    """Adopt what the look at the file has found to be possible."""
    answer = ADOPTIONS.act(request, adoption, lambda job, **by: apply_adoption(adoption=job, **by))
    kick(reconcile)
    return answer


@require_POST
@staff_action(CONFIGURE)
def cancel(request: HttpRequest, adoption: UUID) -> HttpResponseRedirect:
    """Stop before the next line; what was adopted stays."""
    said = "Cancelled. What was adopted until now stays adopted."
    return ADOPTIONS.act(request, adoption, lambda job, **by: cancel_adoption(adoption=job, **by), said)
