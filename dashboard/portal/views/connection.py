"""The connection page of one tenant: where its sources stand, in one sentence, and the next step."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.portal.connection import Connection, connection_for, connections_of, earlier_connections_of
from dashboard.portal.figures import figures_of
from dashboard.portal.kit import kit_for
from dashboard.portal.sentences import headline_of, headline_of_all
from dashboard.portal.shell import shell
from dashboard.portal.views.enabling import enable_page
from dashboard.web.doors import tenant_page
from dashboard.web.kit import KitTabs
from dashboard.web.live import page_or_region
from dashboard.web.standing import DETACHED
from dashboard.web.watched import keep_asking
from integrations.sources.kit.symptoms import Moment, symptoms_at
from tenants.models import Tenant

TAB = "portal_connection"
ARRIVED = ("active", "opening")
WAITING = ("pending", DETACHED)


@require_safe
@tenant_page
def connection(request: HttpRequest, tenant: Tenant) -> HttpResponseBase:
    """Show the one connection, the list of several, or how to begin."""
    now = timezone.now()
    found = connections_of(tenant, now=now)
    if not found:
        return enable_page(request, tenant)
    if len(found) == 1:
        return _one(request, tenant, found[0], now)
    context = shell(request, tenant, TAB, connections=found, earlier=earlier_connections_of(tenant, now=now))
    context["headline"] = headline_of_all(found, context["brand"].name)
    asked = [each.asked_at for each in found if each.asked_at]
    return page_or_region(request, "portal/connections.html", found, context, asked)


@require_safe
@tenant_page
def source(request: HttpRequest, tenant: Tenant, source: str) -> HttpResponseBase:
    """Show one connection."""
    now = timezone.now()
    return _one(request, tenant, connection_for(tenant, source, now=now), now)


def _next_step(tenant: Tenant, found: Connection) -> dict[str, object]:
    """Return what the AWS admin needs while AWS waits for them."""
    if found.standing not in WAITING:
        return {}
    files = reverse("portal_kit_file", args=[tenant.public_id, found.key, "-"]).removesuffix("-")
    moment = Moment.TAKING_UP if found.bus_left else Moment.ACCEPTING
    return {"kit": KitTabs(kit_for(found), files), "symptoms": symptoms_at(moment)}


def _one(request: HttpRequest, tenant: Tenant, found: Connection, now: datetime) -> HttpResponse:
    keep_asking(found.source, now)
    context = shell(request, tenant, TAB, connection=found)
    headline = headline_of(found, context["brand"].name)
    figures = figures_of(found, now) if found.standing in (*ARRIVED, "paused", "checking") else None
    was = request.GET.get("was", "")
    context |= {
        "with_chart": True,
        "headline": headline,
        "figures": figures,
        "nodes": found.flow(context["brand"].name, tenant.name, figures.stored_at if figures else None),
        "arrived": bool(was) and was not in ARRIVED and found.standing in ARRIVED,
        "here": request.path,
        **_next_step(tenant, found),
    }
    asked = [found.asked_at] if found.asked_at else []
    facts = (found, figures, context["acts"])
    return page_or_region(request, "portal/connection.html", facts, context, asked)
