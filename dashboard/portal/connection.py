"""What a tenant's pages know of each of its connections, in a fixed number of queries."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from dashboard.web import looks
from dashboard.web.flow import Flow, Node, flow_of
from dashboard.web.looks import Look, look_of
from dashboard.web.standing import standing_of, with_former_word
from integrations.aws.errors import explain
from integrations.aws.region_names import region_name
from integrations.events.queries import Counters, counters_of
from integrations.registration.models import Breaker
from integrations.sources.accepting import may_have_a_bus
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.queries import sources_of_tenant
from tenants.models import Tenant

MOST = 50
LATE_AFTER = timedelta(minutes=1)
# The worst first: what somebody of the tenant has to do, what we do, what goes well.
URGENCY = (
    "failed", "expired", "gone", "detached", "pending", "checking", "requested", "opening", "active", "paused"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Connection:
    """One source as its tenant sees it. Plain data: its repr is what a live region is compared by."""

    key: UUID
    standing: str
    observed: str
    desired: str
    account: str
    region: str
    label: str
    name: str
    arn: str
    namespace: str
    created_at: datetime
    expires_at: datetime | None
    failure_code: str
    event_types: list[str] | None
    has_pattern: bool
    stopped: bool
    late: bool
    bus_left: bool
    counters: Counters
    asked_at: datetime | None = field(repr=False)
    source: Source = field(repr=False, compare=False)

    @property
    def state(self) -> str:
        """The standing, under the name by which shared parts ask for it."""
        return self.standing

    @property
    def look(self) -> Look:
        """How the state looks."""
        return look_of(looks.SOURCE, self.standing)

    @property
    def place(self) -> str:
        """The region as people call it."""
        return region_name(self.region)

    @property
    def kept(self) -> int:
        """What waits here, whether it may be sent or not."""
        return self.counters.held + self.counters.waiting

    @property
    def explanation(self) -> str:
        """Why the last call to AWS failed, in our words: AWS's may name what is the provider's alone."""
        return explain(self.failure_code) if self.failure_code else ""

    @property
    def namespace_head(self) -> str:
        """What the names of all tenants begin with."""
        return f"{self.namespace}/"

    @property
    def arn_head(self) -> str:
        """What stands before the name in the ARN."""
        return self.arn.removesuffix(self.name)

    @property
    def used(self) -> int:
        """The percentage of the time to accept that has passed, for a bar."""
        if self.expires_at is None or self.asked_at is None or self.source.provisioned_at is None:
            return 0
        whole = (self.expires_at - self.source.provisioned_at).total_seconds()
        passed = (self.asked_at - self.source.provisioned_at).total_seconds()
        return max(0, min(100, round(100 * passed / whole))) if whole > 0 else 100

    @property
    def over(self) -> bool:
        """Whether it can be offered again."""
        return self.standing in ("expired", "gone", "failed") and (
            self.desired != Desired.ABSENT or self.source.due_at is None
        )

    def flow(self, provider: str, tenant: str, stored_at: datetime | None) -> list[Node]:
        """Return the stations of the picture."""
        return flow_of(
            Flow(
                provider=provider,
                tenant=tenant,
                standing=self.standing,
                observed=self.observed,
                observed_at=self.asked_at,
                kept=self.kept,
                stored_at=stored_at or self.counters.oldest_waiting_at,
                accepted_at=self.counters.last_accepted_at,
                expires_at=self.expires_at,
            )
        )


def connections_of(tenant: Tenant, *, now: datetime) -> list[Connection]:
    """Return the tenant's connections that it wants, those first that need somebody."""
    return _connections(sources_of_tenant(tenant).exclude(desired=Desired.ABSENT), now)


def earlier_connections_of(tenant: Tenant, *, now: datetime) -> list[Connection]:
    """Return the connections that were deleted, the latest first."""
    return _connections(sources_of_tenant(tenant).filter(desired=Desired.ABSENT).order_by("-pk")[:5], now)


def connection_for(tenant: Tenant, public_id: str, *, now: datetime) -> Connection:
    """Return one connection of this tenant, or raise Http404."""
    try:
        found = _connections(sources_of_tenant(tenant).filter(public_id=UUID(public_id)), now)
    except ValueError:
        raise Http404 from None
    if not found:
        raise Http404
    return found[0]


def _connections(sources: QuerySet[Source], now: datetime) -> list[Connection]:
    found = list(with_former_word(sources)[:MOST])
    counters = counters_of([source.pk for source in found])
    stopped = set(
        Breaker.objects.filter(environment__in={source.environment_id for source in found}).values_list(
            "environment_id", "region"
        )
    )
    shown = [
        _connection(source, counters.get(source.pk, Counters()), (source.environment_id, source.region) in stopped, now)
        for source in found
    ]
    return sorted(shown, key=lambda each: (URGENCY.index(each.standing), each.region, each.label))


def _connection(source: Source, counters: Counters, stopped: bool, now: datetime) -> Connection:
    oldest = counters.oldest_waiting_at
    return Connection(
        key=source.public_id,
        standing="gone" if source.desired == Desired.ABSENT else standing_of(source),
        observed=source.observed,
        desired=source.desired,
        account=source.account or "",
        region=source.region,
        label=source.label,
        name=source.name,
        arn=source.arn,
        namespace=source.environment.namespace,
        created_at=source.created_at,
        expires_at=source.expires_at if source.observed == Observed.PENDING else None,
        failure_code=source.failure_code,
        event_types=source.event_types,
        has_pattern=source.pattern is not None,
        stopped=stopped,
        bus_left=may_have_a_bus(source),
        late=counters.waiting > 0 and oldest is not None and oldest < now - LATE_AFTER,
        counters=counters,
        asked_at=source.observed_at,
        source=source,
    )
