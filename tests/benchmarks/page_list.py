"""Every page of the product on a full installation: each route of the three faces, with the heaviest objects."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from dashboard.seed.filling import environment_of_seed
from integrations.events.models import Event, Replay
from integrations.notifications.models import Message
from integrations.onboarding.models import Attachment, CataloguedType, ChecklistItem, Letter, ValidationRun
from integrations.reconciliation.models import Adoption, AdoptionLine, BulkRenewal, BulkRenewalItem, Drift
from integrations.registration.models import ApiKey, Integration
from integrations.sources.models import Source
from tenants.models import Membership, Tenant

FACES = ("operators/", "portal/", "onboarding/")
BIG, HELD = "t0", "t7"  # half of all events, and a tenant whose events are held
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Not a page: asks AWS, or draws a PDF, or answers a file or a redirection.
LEFT_OUT = re.compile(r"^operators/(traffic|sandbox)$|^operators/health/aws$|/pdf$|/calendar$|\.json$|/kit/|/files/")
WITH = (
    "operators/?period=1h",
    "operators/?period=7d",
    "operators/events?tenant={tenant}",
    "operators/events?tenant={tenant}&state=dead",
    "operators/events?tenant={tenant}&state=accepted&type=order.7",
    "operators/events?state=held",
    "operators/events?state=retrying",
    "operators/events?state=dead",
    "operators/events?code=AccessDeniedException",
    "operators/events?q=order-4711",
    "operators/events?q={event}",
    "operators/sources?state=pending",
    "operators/sources?state=expired&region=us-east-1",
    "operators/sources?q=Alder",
    "operators/sources?expiry=3",
    "operators/sources?sort=tenant",
    "operators/tenants?q=Birch",
    "operators/tenants?has=none",
    "operators/audit-log?q=support",
    "operators/notifications?state=sent",
    "operators/search?q=alder+log",
    "operators/search?q={event}",
    "portal/{tenant}/deliveries?state=accepted",
    "portal/{tenant}/deliveries?state=dead",
    "portal/{held}/",
    "portal/{held}/deliveries",
    "portal/{held}/sources/{waiting}",
    "operators/sources/{waiting}",
    "operators/tenants/{held}",
    "operators/tenants/{held}/diagnosis",
)


def pages() -> Iterator[tuple[str, str]]:
    """Yield every page's name and path, and some pages with filters; those that lack an object answer 404."""
    _prepare()
    values = _values()
    yield from (("/", "/"), ("/accounts/notifications", "/accounts/notifications"))
    for route in _routes(get_resolver().url_patterns):
        if route.startswith(FACES) and not LEFT_OUT.search(route):
            path = PARAMETER.sub(lambda found, route=route: _value(values, route, found[1]), route)
            yield "/" + PARAMETER.sub(r"{\1}", route), f"/{path}"
    yield from ((f"/{path}", f"/{path.format_map(values)}") for path in WITH)


def _routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _value(values: dict[str, str], route: str, parameter: str) -> str:
    """On the pages of late stages integrations are named by their slug, elsewhere by their id as everything else."""
    if parameter == "integration" and "<slug:integration>" in route:
        return values["slug"]
    return values.get(parameter, "nothing")


def _values() -> dict[str, str]:
    seeded = environment_of_seed()
    assert seeded is not None
    tenants = Tenant.objects.filter(directory=seeded.directory)
    big, held = tenants.get(external_id=BIG), tenants.get(external_id=HELD)
    integration = Integration.objects.exclude(pk=seeded.integration_id).order_by("pk").first()
    found: dict[str, Model | None] = {
        "tenant": big,
        "held": held,
        "source": Source.objects.filter(tenant=big).earliest("pk"),
        "waiting": Source.objects.filter(tenant=held).earliest("pk"),
        "event": None,
        "environment": seeded,
        "integration": integration,
        "replay": Replay.objects.filter(tenant=big).first(),
        "key": ApiKey.objects.first(),
        "drift": Drift.objects.first(),
        "adoption": Adoption.objects.first(),
        "renewal": BulkRenewal.objects.first(),
        "message": Message.objects.first(),
        "letter": Letter.objects.filter(integration=integration).first(),
        "item": ChecklistItem.objects.filter(stage__integration=integration).first(),
        "file": Attachment.objects.filter(integration=integration).first(),
        "event_type": CataloguedType.objects.filter(integration=integration).first(),
        "run": ValidationRun.objects.filter(integration=integration).first(),
    }
    named = {name: str(row.public_id) for name, row in found.items() if row is not None}  # type: ignore[attr-defined]
    event = Event.objects.filter(tenant_id=big.pk).latest("id")
    person = Membership.objects.filter(tenant=big).select_related("user").get().user
    fixed = {"region": "eu-west-1", "kind": "test", "number": "1", "verb": "due", "action": "delete"}
    return (
        named
        | fixed
        | {
            "event": str(event.pk),
            "person": str(person.public_id),
            "slug": integration.slug if integration else "nothing",
        }
    )


def _prepare() -> None:
    """Make what a seed leaves out: drift, and jobs with a line for each of thousands of sources."""
    seeded = environment_of_seed()
    assert seeded is not None
    if Drift.objects.exists():
        return
    now = timezone.now()
    sources = list(Source.objects.filter(environment=seeded)[:5_000])
    Drift.objects.bulk_create(
        Drift(
            environment=seeded,
            region=source.region,
            name=f"{source.name}/drift",
            kind=(Drift.Kind.ORPHAN, Drift.Kind.GHOST)[number % 2],
            source=source if number % 2 else None,
            first_seen_at=now - timedelta(days=1),
            last_seen_at=now,
        )
        for number, source in enumerate(sources)
    )
    over: dict[str, Any] = {"environment": seeded, "actor_label": "benchmark", "total": len(sources), "created_at": now}
    adoption = Adoption.objects.create(state=Adoption.State.CHECKED, **over)
    AdoptionLine.objects.bulk_create(
        AdoptionLine(
            adoption=adoption,
            number=number,
            name=source.name,
            tenant=f"t{number}",
            region=source.region,
            finding="ready",
        )
        for number, source in enumerate(sources, start=1)
    )
    renewal = BulkRenewal.objects.create(
        state=BulkRenewal.State.DONE,
        wanted={},
        per_second=5,
        done=len(sources),
        actor_kind="system",
        ended_at=now,
        **over,
    )
    BulkRenewalItem.objects.bulk_create(
        BulkRenewalItem(renewal=renewal, source=source, outcome="renewed") for source in sources
    )
