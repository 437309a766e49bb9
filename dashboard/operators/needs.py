"""What the overview says needs attention: where nothing is sent, sources, dead letters, and what waits with AWS."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.web.looks import SOURCE, Look, look_of
from dashboard.web.overview import Overview, SourceFacts
from integrations.onboarding.waiting_integrations import WaitingIntegration, waiting_integrations

MOST_ATTENTION = 8
SOON = timedelta(days=2)

NEEDS = {
    "failed": "could not be created",
    "expired": "expired, its queue is kept",
    "gone": "is gone at AWS, its queue is kept",
    "detached": "is detached: AWS said ACTIVE before and says PENDING now",
    "pending": "waits to be accepted by the tenant",
}


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


def needs_of(overview: Overview, now: datetime) -> list[Need]:
    """Return what somebody has to look at: where nothing is sent, then the worst, those that end soon before others."""
    needs = [_of_integration(each) for each in waiting_integrations(now)]
    needs += [need for each in overview.sources for need in _needs_of_source(each, now)]
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
            reverse("operator_health"),
            "What waits is kept, tried again by itself, and sent as soon as AWS takes it.",
            code=stop.code,
            message=stop.message,
        )


def _needs_of_source(source: SourceFacts, now: datetime) -> Iterator[Need]:
    who = f"{source.tenant}, {source.region}" if source.region else source.tenant
    url = reverse("operator_source", args=[source.key])
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
            f"{reverse('operator_events')}?{urlencode({'state': 'dead', 'source': source.key})}",
            "Kept, and not tried again until somebody replays them.",
        )


def _of_integration(waiting: WaitingIntegration) -> Need:
    """One line for an integration: it leads to the page on which everything that waits stands."""
    look = (
        Look("bad", "clock-filled", "Overdue") if waiting.late_stage else Look("wait", "alert-triangle-filled", "Waits")
    )
    return Need(
        f"integration-{waiting.public_id}",
        look,
        waiting.name,
        f"on its way with AWS, {', '.join(waiting.says)}",
        reverse("onboarding_integration", args=[waiting.public_id]),
    )
