"""One event as its page tells it: what became of it in one sentence, and every attempt in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard.web import looks
from dashboard.web.looks import Look, look_of
from dashboard.web.reasons import reason_in_words
from integrations.aws.errors import explain
from integrations.sources.models import Source

ACCEPTED = "accepted"
MOST_ATTEMPTS = 200  # of one event; more of them say nothing new


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """One publish attempt. `source` is None for one that was made when its source still had another row."""

    at: datetime
    ms: int
    bytes: int
    accepted: bool
    explanation: str
    code: str
    message: str
    aws_id: UUID | None
    request_id: UUID | None
    observed: str
    source: Source | None

    @property
    def tone(self) -> str:
        """The colour of its station."""
        return "ok" if self.accepted else "bad" if self.code == "outcome_unknown" else "off"


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """Where the event stands with one source."""

    source: Source | None
    look: Look
    reason: str
    next_try_at: datetime | None
    aws_id: UUID | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the event: the message at the top of its page."""

    tone: str
    title: str
    text: str


def attempts_of(story: Mapping[str, Any], sources: Mapping[UUID, Source]) -> list[AttemptFacts]:
    """Return the newest attempts, newest first."""
    return [_attempt(row, sources) for row in reversed(story["attempts"][-MOST_ATTEMPTS:])]


def deliveries_of(story: Mapping[str, Any], sources: Mapping[UUID, Source]) -> list[DeliveryFacts]:
    """Return where the event stands with each source for which a delivery was made."""
    taken = {row["source"]: row["aws_id"] for row in story["attempts"] if row["code"] == ACCEPTED}
    return [
        DeliveryFacts(
            source=sources.get(row["source"]),
            look=look_of(looks.EVENT, row["state"]),
            reason=reason_in_words(row["reason"]),
            next_try_at=row["next_try_at"],
            aws_id=taken.get(row["source"]),
        )
        for row in story["deliveries"]
    ]


def verdict_on(story: Mapping[str, Any]) -> Verdict:
    """Return what became of the event; the delivery that most needs somebody speaks for all."""
    state, tries = story["state"], len(story["attempts"])
    reason = next((row["reason"] for row in story["deliveries"] if row["state"] == state), None)
    because = reason_in_words(reason)
    match state:
        case "accepted":
            return _accepted(story, tries)
        case "dead":
            return Verdict(
                "bad", "A dead letter: it is not tried again by itself", f"{_cap(because)} Replay it once mended."
            )
        case "held":
            return Verdict("wait", "Held here, and nothing is lost", f"It goes on by itself afterwards: {because}.")
        case "retrying":
            return Verdict("wait", f"Refused {tries} time{'s' if tries != 1 else ''}, and tried again by itself", "")
        case "waiting":
            return Verdict("run", "On its way to AWS", "A worker sends it within seconds.")
    return Verdict("off", "Stored, and not sent to anybody", f"{_cap(because) or 'No source selects its type.'}")


def _accepted(story: Mapping[str, Any], tries: int) -> Verdict:
    taken = [row for row in story["attempts"] if row["code"] == ACCEPTED]
    after = "at the first attempt" if tries == 1 else f"after {tries} attempts"
    if any(row["observed"] == "active" for row in taken):
        text = "It reached the tenant's event bus. What the tenant's rules did with it cannot be seen from here."
        return Verdict("ok", f"Accepted by AWS {after}, while the source was ACTIVE", text)
    text = "AWS drops what it accepts for a source that is not ACTIVE. Replay it now that it may be."
    return Verdict("wait", f"Accepted by AWS {after}, but the source was not known to be ACTIVE", text)


def _attempt(row: Mapping[str, Any], sources: Mapping[UUID, Source]) -> AttemptFacts:
    accepted = row["code"] == ACCEPTED
    return AttemptFacts(
        at=row["at"],
        ms=row["ms"],
        bytes=row["bytes"],
        accepted=accepted,
        explanation="" if accepted else reason_in_words(row["code"]) or explain(row["code"]),
        code=row["code"],
        message=row["message"] or "",
        aws_id=row["aws_id"],
        request_id=row["request_id"],
        observed=row["observed"].upper(),
        source=sources.get(row["source"]),
    )


def _cap(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') or not text else '.'}"
