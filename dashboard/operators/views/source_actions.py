"""Actions on a source that need no more than a yes: what will happen to how many events, one button, one use case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.operators.source_facts import SourceFacts, facts_of, loaded
from dashboard.web.doors import ACT_ON_TENANTS, person_of, staff_action
from dashboard.web.signed_in import View
from dashboard.web.templatetags.partnerbus import counted
from integrations.events.tasks import publish
from integrations.events.trial import send_test_event
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.asking import ask_now
from integrations.sources.deletion import delete_source
from integrations.sources.models import Source
from integrations.sources.pausing import pause_source, resume_source
from integrations.sources.queries import source_for
from integrations.sources.renewal import reprovision
from integrations.sources.tasks import advance_sources
from tenants.audit import Actor

UseCase = Callable[[Source, HttpRequest, Actor, datetime], Any]


@dataclass(frozen=True, slots=True)
class Action:
    """A question and what a yes does. `lines` say what will happen; `queue` asks what becomes of what waits."""

    title: str
    lines: Callable[[SourceFacts], list[str]]
    button: str
    run: UseCase
    done: str
    stop: bool = False
    queue: bool = False
    keep: str = "Leave it as it is"


def confirmed(action: Action) -> View:
    """Return the page that asks, and on POST acts."""

    @require_http_methods(["GET", "POST"])
    @staff_action(ACT_ON_TENANTS)
    def view(request: HttpRequest, source: str) -> HttpResponse:
        person = person_of(request)
        found = source_for(person, source, loaded)
        error = ""
        if request.method == "POST":
            try:
                action.run(found, request, Actor.person(person), timezone.now())
            except Problem as problem:
                error = problem.detail
            else:
                messages.success(request, action.done)
                return redirect("operator_source", source=source)
        facts = facts_of(found)
        context = {
            "facts": facts,
            "action": action,
            "title": action.title.format(tenant=facts.tenant, region=facts.region),
            "lines": action.lines(facts),
            "error": error,
        }
        return render(request, "operators/source_action.html", context, status=409 if error else 200)

    return view


def _kept(facts: SourceFacts) -> str:
    return f"{counted(facts.kept)} {'event' if facts.kept == 1 else 'events'}"


def _pause(source: Source, _request: HttpRequest, actor: Actor, now: datetime) -> None:
    pause_source(source=source, actor=actor, now=now)


def _resume(source: Source, _request: HttpRequest, actor: Actor, now: datetime) -> None:
    resume_source(source=source, actor=actor, now=now)
    kick(advance_sources)


def _reprovision(source: Source, _request: HttpRequest, actor: Actor, now: datetime) -> None:
    reprovision(source=source, actor=actor, now=now)
    kick(advance_sources)


def _test(source: Source, _request: HttpRequest, actor: Actor, now: datetime) -> None:
    send_test_event(source=source, actor=actor, now=now)
    kick(publish)


def _delete(source: Source, request: HttpRequest, actor: Actor, now: datetime) -> None:
    delete_source(source=source, keep_queue=request.POST.get("queue") != "discard", actor=actor, now=now)
    kick(advance_sources)


@require_POST
@staff_action(ACT_ON_TENANTS)
def check(request: HttpRequest, source: str) -> HttpResponse:
    """Have AWS asked now; the page shows the answer when it is there."""
    found = source_for(person_of(request), source)
    try:
        asked = ask_now(source=found, now=timezone.now())
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        kick(advance_sources)
        messages.success(request, "AWS is being asked." if asked else "AWS was asked a moment ago.")
    return redirect("operator_source", source=source)


pause = confirmed(
    Action(
        title="Pause the source of {tenant} in {region}?",
        lines=lambda facts: [
            f"Nothing is sent until it is resumed. {_kept(facts)} and what is posted meanwhile are kept here.",
            "At AWS nothing changes: the source stays, and so do the tenant's bus and rules.",
        ],
        button="Pause source",
        run=_pause,
        done="The source is paused. Its events are held.",
    )
)
resume = confirmed(
    Action(
        title="Resume the source of {tenant} in {region}?",
        lines=lambda facts: [
            f"{_kept(facts)} and new ones flow as soon as AWS says ACTIVE.",
            f"At most {facts.drain_rate:,} a second." if facts.drain_rate else "A drain rate would slow them down.",
        ],
        button="Resume source",
        run=_resume,
        done="The source is resumed.",
        keep="Keep it paused",
    )
)
reprovision_again = confirmed(
    Action(
        title="Provision the source of {tenant} in {region} again?",
        lines=lambda facts: [
            f"AWS is asked to offer {facts.name} to the account again: same name, same history.",
            f"{_kept(facts)} stay here and flow once {facts.tenant}'s AWS admin has accepted it again.",
            "AWS keeps it PENDING until then, also where the bus of the earlier source is left.",
        ],
        button="Provision again",
        run=_reprovision,
        done="AWS is asked to create the source again.",
    )
)
test = confirmed(
    Action(
        title="Send a test event to {tenant} in {region}?",
        lines=lambda facts: [
            "A real event of the type partnerbus.test, on the normal path and for this source alone.",
            "It is sent at once while events flow, and kept until then otherwise.",
        ],
        button="Send test event",
        run=_test,
        done="The test event is stored and on its way.",
        keep="Send none",
    )
)
delete = confirmed(
    Action(
        title="Delete the source of {tenant} in {region}?",
        lines=lambda facts: [
            f"AWS takes the offer back, and this page says so once AWS has confirmed it. {facts.tenant}'s bus and "
            "rules stay but receive nothing from this source.",
        ],
        button="Delete source",
        run=_delete,
        done="The source is being deleted at AWS.",
        stop=True,
        queue=True,
        keep="Keep it",
    )
)
