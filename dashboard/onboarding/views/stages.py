"""What a manager may change about the order of the stages."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.onboarding.acting import acted, actor_of, address_of, day_in, version_in
from dashboard.web.doors import TAKE_TO_AWS, staff_action
from integrations.onboarding.models import Stage
from integrations.onboarding.profiles import integration_of
from integrations.onboarding.stage_order import close, open_early, reopen, set_due


@require_POST
@staff_action(TAKE_TO_AWS)
def stage(request: HttpRequest, integration: str, number: int, verb: str) -> HttpResponse:
    """Open a stage early, reopen it, close it again, or say until when it is to be done."""
    found = integration_of(integration)
    current = found.stages.filter(number=number).first()
    if current is None or verb not in VERBS:
        raise Http404
    act, done = VERBS[verb]
    to = f"{address_of(found)}?stage={number}#checklist"
    return acted(request, lambda: act(request, current), done, to)


def _open(request: HttpRequest, stage: Stage) -> object:
    reason = request.POST.get("reason", "")
    return open_early(stage=stage, reason=reason, actor=actor_of(request), now=timezone.now())


def _reopen(request: HttpRequest, stage: Stage) -> object:
    reason = request.POST.get("reason", "")
    return reopen(stage=stage, reason=reason, actor=actor_of(request), now=timezone.now())


def _close(request: HttpRequest, stage: Stage) -> object:
    return close(stage=stage, actor=actor_of(request), now=timezone.now())


def _due(request: HttpRequest, stage: Stage) -> object:
    due_on, version = day_in(request, "due_on"), version_in(request)
    return set_due(stage=stage, due_on=due_on, version=version, actor=actor_of(request), now=timezone.now())


VERBS: dict[str, tuple[Callable[[HttpRequest, Stage], object], str]] = {
    "open": (_open, "The stage is open."),
    "reopen": (_reopen, "The stage is in work again."),
    "close": (_close, "The stage follows its items again."),
    "due": (_due, "The due date is stored."),
}
