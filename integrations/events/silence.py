"""Why does a tenant get no events? An ordered list of checks, from the backend's key to what nobody here can see.

Everything before the first problem is known to be well, so the first problem is the answer. `doctor` asks whether the
installation works; this asks about one tenant.
"""

from dataclasses import dataclass
from datetime import datetime

from integrations.events.candidates import Question
from integrations.events.listing import list_events
from integrations.events.queries import Counters, counters_of
from integrations.events.silence_checks import (
    RECEIVER,
    Check,
    checks_of_source,
    events_posted,
    events_selected,
    key_in_use,
    source_offered,
)
from integrations.registration.models import Breaker, Maintenance
from integrations.sources.models import Desired, Source
from tenants.models import Tenant

LOOKED_AT = 20  # newest events, for what became of them
MOST_SOURCES = 10


@dataclass(frozen=True, slots=True)
class Silence:
    """The answer: the checks in order, the one that decides, and the source it is about."""

    checks: list[Check]
    source: Source | None

    @property
    def decisive(self) -> Check:
        """The first problem, or what nobody here can see."""
        return next((check for check in self.checks if check.state == "problem"), self.checks[-1])


def silence_of(tenant: Tenant, *, now: datetime) -> Silence:
    """Find out why this tenant gets no events; of several sources the one that is worst off is looked at."""
    return _silence(tenant, [key_in_use(tenant, now)], now)


def silence_for_tenant(tenant: Tenant, *, now: datetime) -> Silence:
    """The same without what is the provider's alone; a problem on its side stays a problem, told without detail."""
    return _silence(tenant, [], now)


def _silence(tenant: Tenant, provider: list[Check], now: datetime) -> Silence:
    sources = list(
        Source.objects.filter(tenant=tenant, account__isnull=False)
        .exclude(desired=Desired.ABSENT)
        .order_by("pk")[:MOST_SOURCES]
    )
    newest = list_events(Question(tenant_ids=(tenant.pk,)), limit=LOOKED_AT).rows
    before = [*provider, events_posted(newest, now), source_offered(sources)]
    if not sources:
        return Silence([*before, events_selected(newest), RECEIVER], None)
    counters = counters_of([source.pk for source in sources])
    regions = {source.region for source in sources}
    here = {"environment__directory": tenant.directory_id, "region__in": regions}
    maintained = {row.region: row for row in Maintenance.objects.filter(**here)}
    breakers = {row.region: row for row in Breaker.objects.filter(**here)}
    found = [
        Silence(
            [
                *before,
                events_selected(newest),
                *checks_of_source(
                    source,
                    counters.get(source.pk, Counters()),
                    maintained.get(source.region),
                    breakers.get(source.region),
                    now,
                ),
                RECEIVER,
            ],
            source,
        )
        for source in sources
    ]
    return min(found, key=_place_of_first_problem)


def _place_of_first_problem(silence: Silence) -> int:
    return silence.checks.index(silence.decisive)
