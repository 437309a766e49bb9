"""All that the page of one source shows, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from dashboard.web import looks
from dashboard.web.charts import Chart, Line
from dashboard.web.flow import Flow, Node, flow_of
from dashboard.web.looks import Look, look_of
from dashboard.web.standing import standing_of, with_former_word
from integrations.aws.errors import explain
from integrations.events.queries import Counters, counters_of
from integrations.events.series import Series, series_of_sources
from integrations.registration.models import Breaker, Maintenance
from integrations.sources.accepting import NextStep, step_to_accept
from integrations.sources.models import Drain, Observed, Source, SourceChange

SPAN = timedelta(days=3)
STEP = 60  # minutes
CHANGES = 8
GUESSED_RATE = 1_000  # deliveries a second of a backlog without a drain rate, said as "about"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong lately, in our words, with AWS's code behind."""

    code: str
    entries: int
    sentence: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source. Plain data: its repr is what the live region is compared by; that AWS was asked again is no news."""

    public_id: str
    tenant: str
    tenant_id: str
    environment: str
    policy: str
    standing: str
    desired: str
    observed: str
    asked_at: datetime | None = field(repr=False)
    ended: str
    account: str
    region: str
    label: str
    name: str
    arn: str
    namespace: str
    selection: str
    expires_at: datetime | None
    failure_code: str
    failure_message: str
    failure_final: bool
    breaker: str
    maintenance: str
    drain_rate: int | None
    counters: Counters
    next_step: NextStep | None
    changed_at: datetime | None

    @property
    def look(self) -> Look:
        """How its state looks."""
        return look_of(looks.SOURCE, self.standing)

    @property
    def explanation(self) -> str:
        """What the last failure means and what to do, in our words."""
        return explain(self.failure_code)

    @property
    def deleting(self) -> bool:
        """Whether it was deleted here and AWS has not confirmed it yet."""
        return self.desired == "absent" and self.standing != "gone"

    @property
    def namespace_head(self) -> str:
        """What all names of its environment begin with."""
        return f"{self.namespace}/"

    @property
    def kept(self) -> int:
        """What waits, whatever for."""
        return self.counters.held + self.counters.waiting

    @property
    def drains_for(self) -> str:
        """About how long the backlog takes once it flows; empty where there is none."""
        return duration(self.kept / (self.drain_rate or GUESSED_RATE)) if self.kept else ""

    @property
    def flow(self) -> list[Node]:
        """The flow picture."""
        return flow_of(
            Flow(
                provider=self.environment,
                tenant=self.tenant,
                standing=self.standing,
                observed=self.observed,
                kept=self.counters.held,
                stored_at=self.counters.oldest_waiting_at or self.counters.last_accepted_at,
                accepted_at=self.counters.last_accepted_at,
                expires_at=self.expires_at,
            )
        )


def loaded(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Load with the sources what their page needs besides."""
    here = {"environment": OuterRef("environment"), "region": OuterRef("region")}
    return (
        with_former_word(sources)
        .select_related("tenant", "environment__integration")
        .annotate(
            breaker_code=Subquery(Breaker.objects.filter(**here).values("code")[:1]),
            maintenance_note=Subquery(Maintenance.objects.filter(**here).values("note")[:1]),
            under_maintenance=Exists(Maintenance.objects.filter(**here)),
            per_second=Subquery(Drain.objects.filter(source=OuterRef("pk")).values("per_second")),
            changed_at=Subquery(
                SourceChange.objects.filter(source=OuterRef("pk"), field="observed").order_by("-at").values("at")[:1]
            ),
        )
    )


def facts_of(source: Source) -> SourceFacts:
    """Return the facts of a source that `loaded` has loaded; one query for its queue."""
    counters = counters_of([source.pk]).get(source.pk, Counters())
    extra = vars(source)
    return SourceFacts(
        public_id=str(source.public_id),
        tenant=source.tenant.name,
        tenant_id=str(source.tenant.public_id),
        environment=str(source.environment),
        policy=source.environment.gate_policy,
        standing=standing_of(source),
        desired=source.desired,
        observed=source.observed,
        asked_at=source.observed_at,
        ended=source.ended,
        account=str(source.account),
        region=source.region,
        label=source.label,
        name=source.name,
        arn=source.arn,
        namespace=source.environment.namespace,
        selection=_selection(source),
        expires_at=source.expires_at if source.observed == Observed.PENDING else None,
        failure_code=source.failure_code,
        failure_message=source.failure_message,
        failure_final=source.failure_final,
        breaker=extra["breaker_code"] or "",
        maintenance=(extra["maintenance_note"] or "no reason given") if extra["under_maintenance"] else "",
        drain_rate=extra["per_second"],
        counters=counters,
        next_step=step_to_accept(source),
        changed_at=extra["changed_at"],
    )


def series_of(source: Source, now: datetime) -> Series:
    """Return the figures of the last three days, by the hour."""
    return series_of_sources([source.pk], since=now - SPAN, until=now, step=STEP, now=now)


def chart_of(series: Series, name: str) -> Chart:
    """Draw what was accepted and what was held."""
    figures = list(series.points.values())
    return Chart(
        caption=f"{name}, events by the hour, last three days",
        step=series.step,
        moments=list(series.points),
        lines=[
            Line("Accepted by AWS", "run", [each.accepted for each in figures], fill=True),
            Line("Held", "wait", [each.held for each in figures], dash="5 4"),
            Line("Failed tries", "bad", [each.failed for each in figures], dash="2 3"),
        ],
    )


def troubles_of(series: Series) -> list[Trouble]:
    """Return what failed in that time by its code, most first."""
    codes = series.totals.failed_by_code
    return [Trouble(code, codes[code], explain(code)) for code in sorted(codes, key=lambda code: -codes[code])]


def history_of(source: Source, limit: int = CHANGES) -> Sequence[SourceChange]:
    """Return the newest changes of a source, one more than `limit` where there are more."""
    return list(SourceChange.objects.filter(source=source).order_by("-at", "-id")[: limit + 1])


def duration(seconds: float) -> str:
    """Write a time in two units at most: 3 min 40 s."""
    whole = max(1, round(seconds))
    for unit, size, small, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit} {rest} {small}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def _selection(source: Source) -> str:
    types = "All types" if source.event_types is None else ", ".join(source.event_types)
    return types if source.pattern is None else f"{types}, by an event pattern"
