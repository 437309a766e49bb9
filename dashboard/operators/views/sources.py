"""All sources: who has one, in which state, and what waits for it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.operators.environment_choice import environments
from dashboard.web import filters, looks
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_page
from dashboard.web.filters import Asked, Filters, Options, Sort
from dashboard.web.keyset import every
from dashboard.web.looks import Look, look_of
from dashboard.web.paging import page_of
from dashboard.web.standing import standing_of, with_former_word
from integrations.events.queries import Counters, counters_of
from integrations.sources.listing import SourceQuestion, regions_in_use, sources_asked
from integrations.sources.models import Source
from integrations.sources.states import ShownState, shown_state
from tenants.audit_log import is_object_id

EXPIRY: Options = (("1", "within a day"), ("3", "within 3 days"), ("7", "within a week"))


LIST = Filters(
    filters=(
        filters.search("Tenant or its id, account, source name or ARN"),
        filters.choice("state", "State", ShownState.choices, anything="Any state but deleted"),
        filters.choice("region", "Region", lambda: filters.options_of((name, name) for name in regions_in_use())),
        filters.choice("environment", "Environment", environments),
        filters.choice("expiry", "Expires", EXPIRY, anything="Any expiry"),
    ),
    sorts=(
        Sort("created", ("-pk",)),
        Sort("tenant", ("tenant__name", "pk")),
        Sort("region", ("region", "pk")),
    ),
)
COLUMNS: Mapping[str, Callable[[Source], Any]] = {
    "tenant": lambda source: source.tenant.external_id,
    "tenant_name": lambda source: source.tenant.name,
    "environment": lambda source: str(source.environment),
    "account": lambda source: source.account,
    "region": lambda source: source.region,
    "name": lambda source: source.name,
    "arn": lambda source: source.arn,
    "state": shown_state,
    "desired": lambda source: source.desired,
    "observed": lambda source: source.observed,
    "observed_at": lambda source: source.observed_at,
    "expires_at": lambda source: source.expires_at,
    "failure_code": lambda source: source.failure_code,
    "created_at": lambda source: source.created_at,
    "id": lambda source: source.public_id,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One source of the list, with its queue."""

    source: Source
    look: Look
    counters: Counters


@require_safe
@staff_page
def sources(request: HttpRequest) -> HttpResponseBase:
    """List sources, newest first, or send them as a file."""
    asked = LIST.read(request)
    found = sources_asked(_question(asked, timezone.now()))
    if asked.wants_csv:
        return csv_of("sources", COLUMNS, every(found, asked.sort.fields))
    page = page_of(asked, with_former_word(found), noun=("source", "sources"))
    context = {"list": asked, "shown": page, "lines": lines_of(page.rows)}
    return render(request, "operators/sources.html", context | {"acts": may(person_of(request), ACT_ON_TENANTS)})


def lines_of(sources: Iterable[Source]) -> list[Line]:
    """Return sources that `with_former_word` has loaded, as a list shows them."""
    listed = list(sources)
    counters = counters_of([source.pk for source in listed])
    return [
        Line(source, look_of(looks.SOURCE, standing_of(source)), counters.get(source.pk, Counters()))
        for source in listed
    ]


def _question(asked: Asked, now: datetime) -> SourceQuestion:
    state, days = asked.value("state"), asked.value("expiry")
    return SourceQuestion(
        words="" if is_object_id(asked.value("q")) else asked.value("q"),
        state=ShownState(state) if state else None,
        region=asked.value("region"),
        environment=asked.value("environment"),
        tenant=asked.value("q") if is_object_id(asked.value("q")) else "",
        expires_before=now + timedelta(days=int(days)) if days else None,
    )
