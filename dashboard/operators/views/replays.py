"""Replays: asked for with a count first, watched while they run, and cancelled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.operators.environment_choice import environments
from dashboard.operators.replay_form import STATES, Named, ReplayForm, named_by
from dashboard.operators.replay_progress import Progress, progress_of
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_action, staff_page
from dashboard.web.filters import Asked, Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.live import page_or_region
from dashboard.web.paging import page_of
from integrations.events.delivery_filter import DEAD, DOUBTFUL
from integrations.events.models import Replay
from integrations.events.replays import Forecast, cancel_replay, forecast, request_replay, still_to_send
from integrations.events.tasks import replay as advance_replays
from integrations.kick import kick
from integrations.problems import Problem
from tenants.audit import Actor

LIST = Filters(
    filters=(
        filters.choice("environment", "Environment", environments, anything="All environments"),
        filters.choice("state", "State", Replay.State.choices),
    ),
    sorts=(Sort("created", ("-id",)),),
)
COLUMNS: Mapping[str, Callable[[Replay], Any]] = {
    "id": lambda replay: replay.public_id,
    "created_at": lambda replay: replay.created_at,
    "requested_by": lambda replay: replay.actor_label,
    "environment": lambda replay: replay.environment,
    "tenant": lambda replay: replay.tenant and replay.tenant.external_id,
    "source": lambda replay: replay.source and replay.source.name,
    "state": lambda replay: replay.state,
    "matched": lambda replay: replay.matched,
    "enqueued": lambda replay: replay.enqueued,
    "withdrawn": lambda replay: replay.withdrawn,
    "ended_at": lambda replay: replay.ended_at,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One replay in the list."""

    replay: Replay
    progress: Progress


@require_safe
@staff_page
def replays(request: HttpRequest) -> HttpResponseBase:
    """List the replays of all environments, newest first."""
    asked = LIST.read(request)
    rows = _asked_for(asked)
    if asked.wants_csv:
        return csv_of("replays", COLUMNS, every(rows, asked.sort.fields))
    page = page_of(asked, rows, noun=("replay", "replays"))
    queued = still_to_send(page.rows)
    lines = [Line(each, progress_of(each, queued.get(each.pk, 0), timezone.now())) for each in page.rows]
    return render(request, "operators/replays.html", {"list": asked, "shown": page, "lines": lines})


@require_safe
@staff_page
def replay(request: HttpRequest, replay: UUID) -> HttpResponse:
    """Show how far a replay is."""
    found = _found(replay)
    progress = progress_of(found, still_to_send([found]).get(found.pk, 0), timezone.now())
    context = {"replay": found, "progress": progress, "acts": may(person_of(request), ACT_ON_TENANTS)}
    return page_or_region(request, "operators/replay.html", (progress, found.failure), context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(ACT_ON_TENANTS)
def new_replay(request: HttpRequest) -> HttpResponse:
    """Count what a replay would send, and begin it when it is posted."""
    try:
        named = named_by(request.GET.dict())
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("operator_events")
    form = ReplayForm(request.POST if request.method == "POST" else None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            return _begin(request, named, form)
        except Problem as problem:
            form.add_error(*_where(problem))
    expected, refusal = _counted(named, form)
    context = {"named": named, "form": form, "expected": expected, "refusal": refusal, "states": dict(STATES)}
    return render(request, "operators/replay_new.html", context, status=422 if form.errors else 200)


@require_POST
@staff_action(ACT_ON_TENANTS)
def cancel(request: HttpRequest, replay: UUID) -> HttpResponseRedirect:
    """Take back what of a replay is not sent yet."""
    try:
        cancel_replay(replay=_found(replay), actor=Actor.person(person_of(request)), now=timezone.now())
        kick(advance_replays)
        messages.success(request, "What is not sent yet is taken back. Dead letters are dead letters again.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("operator_replay", replay=replay)


def _begin(request: HttpRequest, named: Named, form: ReplayForm) -> HttpResponseRedirect:
    begun, _ = request_replay(
        wanted=named.filter(form.cleaned_data["states"]),
        rate=form.cleaned_data["rate"],
        everything=form.cleaned_data["everything"],
        actor=Actor.person(person_of(request)),
        now=timezone.now(),
    )
    kick(advance_replays)
    return redirect("operator_replay", replay=begun.public_id)


def _where(problem: Problem) -> tuple[str | None, str]:
    """Return the field that mends what was refused, and what to do there."""
    if problem.code == "filter_empty":
        return "everything", "Tick this if every such delivery of the environment is meant, or go back and filter."
    return None, problem.detail


def _counted(named: Named, form: ReplayForm) -> tuple[Forecast | None, str]:
    """Count for the states that are chosen; the whole environment may be counted before anybody agrees to it."""
    states = form.cleaned_data.get("states") if form.is_bound and not form.errors.get("states") else None
    chosen = states or form.initial["states"]
    try:
        return forecast(wanted=named.filter(chosen), everything=True, now=timezone.now()), ""
    except Problem as problem:
        return None, problem.detail


def _initial(request: HttpRequest) -> dict[str, Any]:
    asked = [state for state in request.GET.get("states", "").split(",") if state in dict(STATES)]
    if request.GET.get("events") and not asked:
        asked = [state for state, _ in STATES]  # whoever names an event wants it sent, whatever became of it
    return {"states": asked or [DEAD, DOUBTFUL]}


def _asked_for(asked: Asked) -> Any:
    rows = Replay.objects.select_related("environment__integration", "tenant", "source")
    if asked.value("environment"):
        rows = rows.filter(environment__public_id=asked.value("environment"))
    return rows.filter(state=asked.value("state")) if asked.value("state") else rows


def _found(public_id: UUID) -> Replay:
    rows = Replay.objects.select_related("environment__integration", "tenant", "source")
    try:
        return rows.get(public_id=public_id)
    except Replay.DoesNotExist as missing:
        raise Http404 from missing
