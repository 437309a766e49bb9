"""Where things stand: the facts that the status pages of staff and tenants show, in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from dashboard.web import looks
from dashboard.web.census import census_of
from dashboard.web.looks import Look, look_of
from dashboard.web.standing import standing_of, with_former_word
from integrations.aws.errors import explain
from integrations.events.queries import COUNT_LIMIT, Counters, counters_of, latest_events
from integrations.registration.models import Breaker
from integrations.sources.accepting import may_have_a_bus
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.states import ShownState
from tenants.models import Tenant

LIMIT = 50
LATEST = 20
LATE_AFTER = timedelta(minutes=1)
FLOWING_FOR = timedelta(minutes=15)

NEEDS_NOBODY = Q(account__isnull=True) | Q(observed=Observed.ACTIVE, desired=Desired.PRESENT)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source, or a tenant's reserve (state `reserve`), as it is shown.

    When AWS was asked is no part of what is compared: that it was asked again is no news.
    """

    key: UUID
    tenant: str
    environment: str
    namespace: str
    state: str
    aws: str
    asked_at: datetime | None = field(repr=False)
    account: str
    region: str
    name: str
    arn: str
    expires_at: datetime | None
    failure_code: str
    failure_message: str
    bus_left: bool
    counters: Counters

    @property
    def namespace_head(self) -> str:
        """What all names of the environment begin with."""
        return f"{self.namespace}/"

    @property
    def arn_head(self) -> str:
        """What stands before the name in the ARN."""
        return self.arn.removesuffix(self.name)

    @property
    def look(self) -> Look:
        """How the state looks that we derive."""
        return look_of(looks.SOURCE, self.state)

    @property
    def aws_says(self) -> str:
        """AWS's own word as a sentence."""
        return looks.AWS_SAYS.get(self.aws, f"AWS says {self.aws}")

    @property
    def explanation(self) -> str:
        """Our own sentence on the last failure, fit for everybody: AWS's text may name what is ours alone."""
        return explain(self.failure_code) if self.failure_code else ""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One of the latest events."""

    event_id: UUID
    tenant: str
    type: str
    received_at: datetime
    state: str

    @property
    def look(self) -> Look:
        """How the state looks."""
        return look_of(looks.EVENT, self.state)


@dataclass(frozen=True, slots=True)
class Stop:
    """A region of an environment in which nothing is published, because AWS refuses us or cannot be reached."""

    environment: str
    region: str
    opened_at: datetime
    code: str
    message: str


class Own(NamedTuple):
    """A tenant of whoever looks, when that is not everybody's."""

    pk: int
    public_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All that a status page shows. Plain data: its repr is what the live region is compared by."""

    tenants: int
    mine: list["Own"]
    census: Counter[str]
    sources: list[SourceFacts]
    cut: bool
    stops: list[Stop]
    late: bool
    flowing: bool
    events: list[EventFacts]

    @property
    def total(self) -> int:
        """All sources, listed or not."""
        return self.census.total()

    @property
    def connected(self) -> int:
        """All sources of which AWS says ACTIVE and we have no doubt, those that open in a moment among them."""
        return self.census["active"] + self.census["opening"]

    @property
    def of_several(self) -> bool:
        """Whether an event has to say whose it is."""
        return self.tenants > 1

    @property
    def waiting(self) -> int:
        """Deliveries of the listed sources that may be sent now."""
        return sum(source.counters.waiting for source in self.sources)

    @property
    def held(self) -> int:
        """Deliveries of the listed sources behind a closed gate or an open breaker."""
        return sum(source.counters.held for source in self.sources)

    @property
    def dead(self) -> int:
        """Dead letters of the listed sources."""
        return sum(source.counters.dead for source in self.sources)

    @property
    def counted_to_the_end(self) -> bool:
        """Whether no count of a source stopped at its limit."""
        counts = [(each.counters.waiting, each.counters.held, each.counters.dead) for each in self.sources]
        return all(number < COUNT_LIMIT for numbers in counts for number in numbers)

    @property
    def exact(self) -> bool:
        """Whether the sums are all there is: every source is listed and counted to the end."""
        return self.counted_to_the_end and not self.cut

    @property
    def asked_at(self) -> list[datetime]:
        """When AWS was last asked about each listed source it was ever asked about, in their order."""
        return [each.asked_at for each in self.sources if each.account and each.asked_at]

    @property
    def last_accepted_at(self) -> datetime | None:
        """When AWS last accepted an event of the listed sources."""
        moments = [each.counters.last_accepted_at for each in self.sources]
        return max((moment for moment in moments if moment), default=None)


def overview_of(tenants: QuerySet[Tenant], *, everybody: bool, now: datetime, events: bool = True) -> Overview:
    """Gather what is shown of these tenants, at most LIMIT sources, those first that need somebody.

    `everybody` says that they are all tenants there are, so that the latest events need no filter; without `events`
    they are left out.
    """
    open_tenants = tenants.filter(closed_at=None)
    mine = [] if everybody else [Own(*row) for row in open_tenants.order_by("name", "pk").values_list(*Own._fields)]
    sources = with_former_word(Source.objects.filter(tenant__in=open_tenants).exclude(desired=Desired.ABSENT))
    shown = list(_first(sources))
    counters = counters_of([source.pk for source in shown[:LIMIT]])
    facts = [_facts(source, counters.get(source.pk, Counters())) for source in shown[:LIMIT]]
    return Overview(
        tenants=open_tenants.count() if everybody else len(mine),
        mine=mine,
        census=census_of(sources, standing_of, "former_word"),
        sources=facts,
        cut=len(shown) > LIMIT,
        stops=_stops(shown),
        late=any(_is_late(each.counters, now) for each in facts),
        flowing=any(_is_flowing(each, now) for each in facts),
        events=_latest(None if everybody else mine) if events else [],
    )


def _first(sources: QuerySet[Source]) -> QuerySet[Source]:
    urgency = Case(When(NEEDS_NOBODY, then=Value(1)), default=Value(0), output_field=IntegerField())
    related = sources.select_related("tenant", "environment__integration")
    return related.order_by(urgency, "tenant__name", "region", "label", "pk")[: LIMIT + 1]


def _facts(source: Source, counters: Counters) -> SourceFacts:
    return SourceFacts(
        key=source.public_id,
        tenant=source.tenant.name,
        environment=str(source.environment),
        namespace=source.environment.namespace,
        state=standing_of(source),
        aws=source.observed,
        asked_at=source.observed_at,
        account=source.account or "",
        region=source.region,
        name=source.name,
        arn=source.arn,
        expires_at=source.expires_at if source.observed == Observed.PENDING else None,
        failure_code=source.failure_code,
        failure_message=source.failure_message,
        bus_left=may_have_a_bus(source),
        counters=counters,
    )


def _stops(sources: Iterable[Source]) -> list[Stop]:
    places = {(source.environment_id, source.region) for source in sources if source.account}
    breakers = (
        Breaker.objects.filter(environment__in={environment for environment, _ in places})
        .select_related("environment__integration")
        .order_by("opened_at")
    )
    return [
        Stop(str(each.environment), each.region, each.opened_at, each.code, each.message)
        for each in breakers
        if (each.environment_id, each.region) in places
    ]


def _is_late(counters: Counters, now: datetime) -> bool:
    oldest = counters.oldest_waiting_at
    return counters.waiting > 0 and oldest is not None and oldest < now - LATE_AFTER


def _is_flowing(source: SourceFacts, now: datetime) -> bool:
    last = source.counters.last_accepted_at
    return source.state == ShownState.ACTIVE and last is not None and last > now - FLOWING_FOR


def _latest(mine: list[Own] | None) -> list[EventFacts]:
    rows = latest_events(tenant_ids=None if mine is None else [each.pk for each in mine], limit=LATEST)
    if mine is None:
        names = dict(Tenant.objects.filter(pk__in={row.tenant_id for row in rows}).values_list("pk", "name"))
    else:
        names = {each.pk: each.name for each in mine}
    return [
        EventFacts(row.event_id, names.get(row.tenant_id, ""), row.type, row.received_at, row.state) for row in rows
    ]
