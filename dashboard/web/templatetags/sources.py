"""How templates tell the history of sources and tenants."""

from dataclasses import dataclass

from django import template

from integrations.sources.models import SourceChange

register = template.Library()

OBSERVED = {
    "pending": ("wait", "clock-filled", "AWS says PENDING"),
    "active": ("ok", "circle-check-filled", "AWS says ACTIVE"),
    "deleted": ("bad", "circle-x-filled", "AWS says DELETED"),
    "none": ("bad", "circle-x-filled", "AWS knows the source no more"),
    "unknown": ("off", "help-circle", "AWS is asked anew"),
}
DESIRED = {
    "present": ("run", "send", "Wanted"),
    "paused": ("off", "player-pause-filled", "Paused"),
    "absent": ("off", "trash", "Deleted here"),
}
OTHERS = {
    "state": ("run", "refresh", "Provisioned again"),
    "selection": ("run", "filter", "Selection changed"),
    "drain_rate": ("run", "gauge", "Drain rate changed"),
    "succession": ("run", "switch-horizontal", "Took over from another offer"),
}
CAUSES = {
    "person": "by {}",
    "key": "by the API key {}",
    "aws": "seen at AWS",
    "expiry": "expired at AWS",
    "schedule": "by itself, as scheduled",
    "system": "by {}",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A change as a line of a timeline."""

    tone: str
    icon: str
    title: str
    text: str


@register.filter
def action_words(action: str) -> str:
    """Write the action of an audit entry, `subject:verb`, for people: Pause source."""
    subject, _, verb = action.partition(":")
    return f"{verb} {subject}".replace("_", " ").replace("-", " ").strip().capitalize()


@register.filter
def told(change: SourceChange) -> Told:
    """Say what changed, from what to what, and who or what caused it."""
    looks = {"observed": OBSERVED, "desired": DESIRED}.get(change.field, {})
    tone, icon, title = looks.get(change.after) or OTHERS.get(change.field) or ("off", "history", change.field)
    if change.field == "desired" and change.after == "present":
        title = {"": "Offered", "absent": "Wanted again", "paused": "Resumed"}.get(change.before, title)
    cause = CAUSES.get(change.cause, "").format(change.actor_label)
    written = str.upper if change.field == "observed" else str
    step = f"{written(change.before)} \N{RIGHTWARDS ARROW} {written(change.after)}" if change.before else ""
    return Told(tone, icon, title, ", ".join(part for part in (step, cause) if part))
