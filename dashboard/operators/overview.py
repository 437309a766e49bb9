"""What the overview shows beyond the sources' standing: traffic, queues, and what happened lately."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.core.cache import cache
from django.db.models import OuterRef, Subquery, Value

from dashboard.web.charts import Chart, Line
from dashboard.web.differences import action_words
from dashboard.web.looks import Look
from dashboard.web.overview import Overview
from integrations.events.backlog import Backlog, backlog
from integrations.events.traffic import Traffic, traffic
from integrations.sources.models import SourceChange
from tenants.models import AuditEntry, Tenant

# Name: minutes shown, minutes a point, words.
PERIODS = {
    "1h": (60, 1, "the last hour", "per minute"),
    "24h": (1_440, 15, "the last 24 hours", "per 15 minutes"),
    "7d": (10_080, 120, "the last 7 days", "per 2 hours"),
}
USUAL = "24h"
QUEUED_FOR_SECONDS = 5
MOST_ACTIVITY = 8
BY_AWS = "aws"  # beside the kinds of objects in the audit log

STATES = (
    ("ok", "Connected", ("active", "opening", "checking")),
    ("wait", "Waiting for the tenant", ("pending", "detached")),
    ("bad", "Failed, expired or gone", ("failed", "expired", "gone")),
    ("off", "Paused or being created", ("paused", "requested")),
)


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of recent activity."""

    at: datetime
    icon: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Segment:
    """Sources in one kind of state, and their place in a bar of 1,000 units."""

    look: Look
    number: int
    start: int = field(default=0)
    width: int = field(default=0)


def queued_now() -> Backlog:
    """Return what is queued, as it was a few seconds ago at most: all open overviews share one look."""
    kept: Backlog | None = cache.get("overview:queued")
    if kept is None:
        kept = backlog()
        cache.set("overview:queued", kept, QUEUED_FOR_SECONDS)
    return kept


def traffic_of(period: str, now: datetime) -> tuple[Traffic, Chart]:
    """Return the traffic of a period, and its chart."""
    minutes, step, words, unit = PERIODS[period]
    found = traffic(minutes=minutes, step=step, now=now)
    lines = (
        Line("Accepted", "run", found.accepted, fill=True),
        Line("Failed tries", "bad", found.failed, dash="2 3"),
        Line("Held", "wait", found.held, dash="5 4"),
    )
    return found, Chart(f"Events {unit}, {words}", step, found.moments, lines)


def segments_of(overview: Overview) -> list[Segment]:
    """Return the sources by kind of state, with a bar in which no kind that exists is too small to be seen."""
    numbers = [sum(overview.census[state] for state in states) for _, _, states in STATES]
    total = sum(numbers) or 1
    widths = [max(round(1_000 * number / total), 10) if number else 0 for number in numbers]
    starts = [sum(widths[:place]) for place in range(len(widths))]
    icons = {"ok": "circle-check-filled", "wait": "clock-filled", "bad": "alert-triangle-filled"}
    return [
        Segment(Look(tone, icons.get(tone, "player-pause-filled"), word), number, start, width)
        for (tone, word, _), number, start, width in zip(STATES, numbers, starts, widths, strict=True)
    ]


def recent_activity() -> list[Happening]:
    """Return what people, keys and AWS did lately, newest first, in one query."""
    named = Tenant.objects.filter(pk=OuterRef("tenant_id")).values("name")[:1]
    entries = AuditEntry.objects.annotate(who=Subquery(named)).order_by("-at", "-id")
    # By key, which is the order of writing: what AWS says has no index by its moment.
    changes = SourceChange.objects.filter(field="observed").annotate(kind=Value(BY_AWS)).order_by("-id")
    rows = entries.values_list("at", "object_type", "who", "actor_label", "action")[: 4 * MOST_ACTIVITY].union(
        changes.values_list("at", "kind", "source__tenant__name", "source__region", "after")[:MOST_ACTIVITY], all=True
    )
    happened = []
    for (kind, *said), run in groupby(sorted(rows, key=lambda row: row[0], reverse=True), key=lambda row: row[1:]):
        moments = [row[0] for row in run]
        happened.append(
            _observed(moments[0], *said) if kind == BY_AWS else _done(moments[0], kind, *said, times=len(moments))
        )
    return happened[:MOST_ACTIVITY]


def _done(at: datetime, kind: str, tenant: str | None, actor: str, action: str, *, times: int) -> Happening:
    icons = {"source": "plug-connected", "key": "key", "tenant": "building-community", "replay": "repeat"}
    by = f", by {actor}" if tenant else ""
    often = f" {times} times" if times > 1 else ""
    return Happening(at, icons.get(kind, "history"), tenant or actor, f"{action_words(action)}{often}{by}")


def _observed(at: datetime, tenant: str, region: str, word: str) -> Happening:
    who = f"{tenant}, {region}" if region else tenant
    return Happening(at, "cloud", who, f"AWS says {(word or 'nothing').upper()}")
