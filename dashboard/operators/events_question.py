"""What the explorer's filters mean: a question about events, or an id that somebody has of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, Q, When

from dashboard.operators.environment_choice import environment_of, environments
from dashboard.web import filters
from dashboard.web.filters import Asked, Filters, Sort
from dashboard.web.looks import EVENT
from integrations.events.candidates import Question
from integrations.events.listing import EventRow
from integrations.events.models import EventType, OutcomeCode
from integrations.events.search import find_anything
from integrations.registration.models import Environment
from integrations.sources.models import Desired, Source
from tenants.models import Tenant

PERIODS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
PERIOD_WORDS = (("1h", "Last hour"), ("24h", "Last 24 h"), ("7d", "Last 7 days"), ("30d", "Last 30 days"))
NOTHING = -1  # a key that no row has


LIST = Filters(
    filters=(
        filters.search("Event id, your own id, AWS EventId or request id"),
        filters.choice("environment", "Environment", environments, anything="All environments"),
        filters.text("tenant", "Tenant"),
        filters.choice("state", "State", [(state, look.word) for state, look in EVENT.items()]),
        filters.text("type", "Type"),
        filters.text("code", "Error code"),
        filters.choice("period", "Time", PERIOD_WORDS, anything="Any time"),
        filters.text("source", "Source"),
    ),
    sorts=(Sort("received", ("-id",)),),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question with what its filters named. `misses`: filters that name nothing there is."""

    question: Question
    environment: Environment | None
    tenants: list[Tenant]
    source: Source | None
    misses: list[str]


def wanted_by(asked: Asked, now: datetime) -> Wanted:
    """Read the filters. A name that nothing has asks for nothing, and is told."""
    environment = environment_of(asked.value("environment"))
    tenants, source = _tenants(asked.value("tenant"), environment), _source(asked.value("source"))
    misses = [name for name, found in (("tenant", tenants), ("source", source)) if asked.value(name) and not found]
    period = PERIODS.get(asked.value("period"))
    question = Question(
        environment_id=environment.pk if environment else None,
        tenant_ids=tuple(each.pk for each in tenants) or (NOTHING,) if asked.value("tenant") else _nobody(misses),
        source=source,
        type_id=_type(asked.value("type")),
        state=asked.value("state") or None,
        code_id=_code(asked.value("code")),
        since=now - period if period else None,
    )
    return Wanted(question, environment, tenants, source, misses)


def in_words(asked: Asked, wanted: Wanted) -> Asked:
    """Return the filters with chips that name the tenant and the source, which a link gives by their ids."""
    tenant = wanted.tenants[0].name if len(wanted.tenants) == 1 else ""
    source = wanted.source
    place = f"{source.tenant.name}, {source.region or source.name}" if source else ""
    return asked.worded(tenant=tenant, source=place)


def found_by(asked: Asked, wanted: Wanted) -> list[EventRow] | None:
    """Return the events that the searched id means, None where nothing is searched."""
    term = asked.value("q")
    if not term:
        return None
    rows = find_anything(term, wanted.question)
    return [row for row in rows if wanted.question.state in (None, row.state)]


def _tenants(named: str, environment: Environment | None) -> list[Tenant]:
    """A tenant is named by its id here, the SaaS's own id, or its whole name."""
    if not named:
        return []
    condition = Q(external_id=named) | Q(name__iexact=named)
    if identifier := _uuid(named):
        condition |= Q(public_id=identifier)
    found = Tenant.objects.filter(condition).select_related("directory__environment__integration")
    if environment is not None:
        found = found.filter(directory=environment.directory_id)
    return list(found.order_by("pk")[:10])


def _source(named: str) -> Source | None:
    """A source is named by its id here, or by the name that AWS knows; of a name used twice, the one that lives."""
    if not named:
        return None
    identifier = _uuid(named)
    condition = Q(public_id=identifier) if identifier else Q(name=named)
    found = Source.objects.select_related("tenant", "environment").filter(condition)
    return found.order_by(Case(When(desired=Desired.ABSENT, then=1), default=0), "-pk").first()


def _nobody(misses: list[str]) -> tuple[int, ...] | None:
    return (NOTHING,) if misses else None


def _type(name: str) -> int | None:
    return _key(EventType.objects.filter(name=name).values_list("pk", flat=True).first()) if name else None


def _code(code: str) -> int | None:
    return _key(OutcomeCode.objects.filter(code=code).values_list("pk", flat=True).first()) if code else None


def _key(found: int | None) -> int:
    return NOTHING if found is None else found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
