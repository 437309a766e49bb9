"""Sending a tenant's own events again by a filter: what it would be, its progress, and stopping it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.portal.deliveries import filters_for, replay_filter, sources_to_choose
from dashboard.portal.event_types import types_for
from dashboard.portal.shell import shell
from dashboard.portal.views.enabling import environment_of
from dashboard.web.doors import tenant_action, tenant_page
from dashboard.web.filters import Asked
from dashboard.web.live import page_or_region
from dashboard.web.visitors import visitor_of
from integrations.events.models import Replay
from integrations.events.replays import cancel_replay, forecast, request_replay, still_to_send
from integrations.events.tasks import replay as replay_task
from integrations.kick import kick
from integrations.problems import Problem
from tenants.models import Tenant

TAB = "portal_deliveries"


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_action
def replay_some(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Say how many deliveries these filters mean, and on submit send them again."""
    asked = filters_for(sources_to_choose(tenant), types_for(tenant)).read(request)
    _refuse_half_understood(request, asked)
    wanted = replay_filter(tenant, environment_of(tenant), asked)
    now = timezone.now()
    try:
        if request.method == "POST":
            replay, _expected = request_replay(wanted=wanted, actor=visitor_of(request).actor, now=now)
            kick(replay_task)
            return redirect("portal_replay", tenant=tenant.public_id, replay=replay.public_id)
        expected = forecast(wanted=wanted, now=now)
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("portal_deliveries", tenant=tenant.public_id)
    context = shell(request, tenant, TAB, list=asked, expected=expected, back=_back(tenant, asked))
    return render(request, "portal/replay_some.html", context)


@require_safe
@tenant_page
def replay(request: HttpRequest, tenant: Tenant, replay: str) -> HttpResponse:
    """Show how far a replay of this tenant's events is."""
    found = _own_replay(tenant, replay)
    queued = still_to_send([found]).get(found.pk, 0)
    sent = max(found.enqueued - queued - found.withdrawn, 0)
    context = shell(request, tenant, TAB, replay=found, sent=sent, total=max(found.matched, found.enqueued))
    facts = (found.state, sent, queued, found.enqueued, found.withdrawn)
    return page_or_region(request, "portal/replay.html", facts, context)


@require_POST
@tenant_action
def cancel(request: HttpRequest, tenant: Tenant, replay: str) -> HttpResponse:
    """Take back what is not sent yet."""
    found = _own_replay(tenant, replay)
    try:
        cancel_replay(replay=found, actor=visitor_of(request).actor, now=timezone.now())
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        kick(replay_task)
        messages.success(request, _("What is not sent yet is taken back within seconds."))
    return redirect("portal_replay", tenant=tenant.public_id, replay=found.public_id)


def _own_replay(tenant: Tenant, public_id: str) -> Replay:
    """Return a replay of this tenant's events alone, or raise Http404."""
    try:
        found = Replay.objects.filter(tenant=tenant, public_id=UUID(public_id)).select_related("source").first()
    except ValueError:
        raise Http404 from None
    if found is None:
        raise Http404
    return found


def _refuse_half_understood(request: HttpRequest, asked: Asked) -> None:
    """A filter that is not understood is left out of a list; here that would send more than was meant."""
    if any(request.GET.get(each.name) and not each.value for each in asked.fields) or asked.value("q"):
        raise Http404


def _back(tenant: Tenant, asked: Asked) -> str:
    path: str = redirect("portal_deliveries", tenant=tenant.public_id)["Location"]
    _, question, query = asked.url().partition("?")
    return path + question + query
