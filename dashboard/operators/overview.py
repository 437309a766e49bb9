"""What the overview shows beyond the sources' standing: traffic, what needs somebody, what happened lately."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import OuterRef, Subquery
from django.urls import NoReverseMatch, reverse

from dashboard.web.charts import Chart, Line
from dashboard.web.differences import action_words
from dashboard.web.looks import SOURCE, Look, look_of
from dashboard.web.overview import Overview, SourceFacts
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
SOON = timedelta(days=2)
MOST_ATTENTION, MOST_ACTIVITY = 8, 8

NEEDS = {
    "failed": "could not be created",
    "expired": "expired, its queue is kept",
    "gone": "is gone at AWS, its queue is kept",
    "detached": "is detached: AWS said ACTIVE before and says PENDING now",
    "pending": "waits to be accepted by the tenant",
}
STATES = (
    ("ok", "Connected", ("active", "opening", "checking")),
    ("wait", "Waiting for the tenant", ("pending", "detached")),
    ("bad", "Failed, expired or gone", ("failed", "expired", "gone")),
    ("off", "Paused or being created", ("paused", "requested")),
)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that somebody has to look at. `until` is when it ends by itself, badly."""

    key: str
    look: Look
    who: str
    what: str
    url: str
    note: str = ""
    until: datetime | None = None
    code: str = ""
    message: str = ""


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


def needs_of(overview: Overview, now: datetime) -> list[Need]:
    """Return what somebody has to look at: where nothing is sent, then the worst, those that end soon before others."""
    needs = [need for each in overview.sources for need in _needs_of_source(each, now)]
    ranks = {"bad": 0, "wait": 1, "off": 2}
    far = now + timedelta(days=10_000)
    return [*_stopped(overview), *sorted(needs, key=lambda need: (ranks.get(need.look.tone, 3), need.until or far))]


def _stopped(overview: Overview) -> Iterator[Need]:
    for place, stop in enumerate(overview.stops):
        yield Need(
            f"stop-{place}",
            Look("bad", "alert-triangle-filled", "Stopped"),
            f"{stop.environment}, {stop.region}",
            "AWS refuses our credentials or cannot be reached",
            link("operator_health"),
            "What waits is kept, tried again by itself, and sent as soon as AWS takes it.",
            code=stop.code,
            message=stop.message,
        )


def _needs_of_source(source: SourceFacts, now: datetime) -> Iterator[Need]:
    who = f"{source.tenant}, {source.region}" if source.region else source.tenant
    url = link("operator_source", source.key)
    kept = source.counters.held
    held = f"{kept:,} {'event is' if kept == 1 else 'events are'} held here and nothing is lost." if kept else ""
    if source.state in NEEDS:
        soon = source.expires_at is not None and source.expires_at < now + SOON
        look = look_of(SOURCE, source.state)
        yield Need(
            str(source.key),
            Look("bad", "clock-filled", look.word) if soon else look,
            who,
            NEEDS[source.state],
            url,
            " ".join(filter(None, (held, source.explanation))),
            source.expires_at,
            source.failure_code,
            source.failure_message,
        )
    if dead := source.counters.dead:
        word = "event" if dead == 1 else "events"
        yield Need(
            f"dead-{source.key}",
            Look("bad", "alert-triangle-filled", "Dead letters"),
            who,
            f"{dead:,} {word} could not be delivered",
            url,
            "Kept, and not tried again until somebody replays them.",
        )


def recent_activity() -> list[Happening]:
    """Return what people, keys and AWS did lately, newest first, in two queries."""
    named = Tenant.objects.filter(pk=OuterRef("tenant_id")).values("name")[:1]
    entries = AuditEntry.objects.annotate(tenant_name=Subquery(named)).order_by("-at", "-id")[:MOST_ACTIVITY]
    # By key, which is the order of writing: what AWS says has no index by its moment.
    changes = SourceChange.objects.filter(field="observed").select_related("source__tenant").order_by("-id")
    happened = [
        *(_done(entry) for entry in entries),
        *(_observed(change) for change in changes[:MOST_ACTIVITY]),
    ]
    return sorted(happened, key=lambda each: each.at, reverse=True)[:MOST_ACTIVITY]


def _done(entry: AuditEntry) -> Happening:
    icons = {"source": "plug-connected", "key": "key", "tenant": "building-community", "replay": "repeat"}
    who = entry.tenant_name or entry.actor_label  # type: ignore[attr-defined]  # annotated above
    by = f", by {entry.actor_label}" if who != entry.actor_label else ""
    return Happening(entry.at, icons.get(entry.object_type, "history"), who, f"{action_words(entry.action)}{by}")


def _observed(change: SourceChange) -> Happening:
    source = change.source
    word = (change.after or "nothing").upper()
    who = f"{source.tenant.name}, {source.region}" if source.region else source.tenant.name
    return Happening(change.at, "cloud", who, f"AWS says {word}")


def link(route: str, *arguments: object) -> str:
    """Return the address of a page that somebody may follow, or nothing while it does not exist."""
    try:
        return reverse(route, args=arguments)
    except NoReverseMatch:
        return ""
