"""What the health page shows: findings of the doctor, who is at work, how large the store is, what AWS allows."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.utils.text import capfirst

from dashboard.diagnosis import Finding, Grade, examine_identities, examine_installation
from dashboard.operators.overview import queued_now
from dashboard.web.looks import Look
from integrations.events.backlog import Backlog
from integrations.events.queries import publishers_at_work
from integrations.events.quota_use import Place, quota_use
from integrations.events.store_size import Stored, stored
from integrations.registration.models import Breaker, Environment

FOUND_FOR_SECONDS = 10
IDENTITIES_FOR_SECONDS = 60

LOOKS = {
    Grade.OK: Look("ok", "circle-check-filled", "Good"),
    Grade.WARNING: Look("wait", "alert-triangle-filled", "Look at this"),
    Grade.FAILED: Look("bad", "alert-triangle-filled", "Broken"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as it is shown."""

    look: Look
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class AtAws:
    """A place where something is sent, with its breaker where that is open."""

    place: Place
    breaker: Breaker | None

    @property
    def calls(self) -> float:
        """The fewest calls a second that so many entries take: 20 fit into one."""
        return round(self.place.entries_per_second / 20, 1)

    @property
    def share(self) -> int:
        """The part of what AWS allows that is used at least, in percent."""
        allowed = self.place.calls_allowed
        return round(100 * self.calls / allowed) if allowed else 0


@dataclass(frozen=True, slots=True)
class Health:
    """Everything on the page."""

    seen: list[Seen]
    publishers: int
    queued: Backlog
    at_aws: list[AtAws]
    stored: list[Stored]

    @property
    def counted_until(self) -> datetime | None:
        """Up to when minutes are rolled up."""
        return next((each.place.counted_until for each in self.at_aws), None)

    @property
    def worst(self) -> Look:
        """The look of the worst that was seen; an open breaker is as bad as anything."""
        tones = {each.look.tone for each in self.seen} | (
            {"bad"} if any(each.breaker for each in self.at_aws) else set()
        )
        grade = Grade.FAILED if "bad" in tones else Grade.WARNING if "wait" in tones else Grade.OK
        return LOOKS[grade]

    @property
    def troubles(self) -> int:
        """How many findings are not good."""
        return sum(each.look.tone != "ok" for each in self.seen) + sum(1 for each in self.at_aws if each.breaker)


def health_at(now: datetime) -> Health:
    """Look at the installation; what the doctor finds is shared for some seconds."""
    breakers = {
        (each.environment.public_id, each.region): each for each in Breaker.objects.select_related("environment")
    }
    places = [AtAws(place, breakers.get((place.environment, place.region))) for place in quota_use(now)]
    return Health(_findings(), publishers_at_work(), queued_now(), places, stored())


def identities() -> list[Seen]:
    """Return what AWS says of each environment's credentials, as it was a minute ago at most."""
    kept: list[Seen] | None = cache.get("health:identities")
    if kept is None:
        environments = list(Environment.objects.select_related("integration").order_by("integration__name", "kind"))
        kept = [_seen(finding) for finding in examine_identities(environments)]
        cache.set("health:identities", kept, IDENTITIES_FOR_SECONDS)
    return kept


def _findings() -> list[Seen]:
    kept: list[Seen] | None = cache.get("health:findings")
    if kept is None:
        kept = [_seen(finding) for finding in examine_installation()]
        cache.set("health:findings", kept, FOUND_FOR_SECONDS)
    return kept


def _seen(finding: Finding) -> Seen:
    return Seen(LOOKS[finding.grade], _named(finding.subject), finding.text)


def _named(subject: str) -> str:
    """Return the doctor's word for what it looked at as a heading writes it."""
    kind, colon, which = subject.partition(":")
    return f"{'AWS' if kind == 'aws' else capfirst(kind)}{colon}{which}"
