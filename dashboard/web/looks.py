"""How a state looks: a tone, an icon and a word, so that it never depends on colour alone."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is a class of the stylesheet: ok, wait (somebody must act), bad, off (parked, unknown), run (at work).

    `word` is English; where it is written, it is translated.
    """

    tone: str
    icon: str
    word: str


SOURCE = {
    "reserve": Look("off", "circle-dashed", _("No AWS account yet")),
    "requested": Look("run", "send", _("Being created")),
    "failed": Look("bad", "alert-triangle-filled", _("Not created")),
    "pending": Look("wait", "clock-filled", _("Waiting to be accepted")),
    "detached": Look("wait", "alert-triangle-filled", _("Detached")),
    "active": Look("ok", "circle-check-filled", _("Connected")),
    "opening": Look("run", "clock", _("Connected, sending soon")),
    "checking": Look("wait", "help-circle", _("Asking AWS again")),
    "paused": Look("off", "player-pause-filled", _("Paused")),
    "expired": Look("bad", "circle-x-filled", _("Expired")),
    "gone": Look("bad", "circle-x-filled", _("Gone at AWS")),
}

# AWS's own word on a source, as a sentence below our state.
AWS_SAYS = {
    "unknown": "AWS has not said anything yet",
    "none": "AWS knows no such source",
    "pending": "AWS says PENDING",
    "active": "AWS says ACTIVE",
    "deleted": "AWS says DELETED",
}

# AWS's own word, as AWS writes it.
AWS_WORD = {
    "PENDING": Look("wait", "clock-filled", "PENDING"),
    "ACTIVE": Look("ok", "circle-check-filled", "ACTIVE"),
    "DELETED": Look("bad", "circle-x-filled", "DELETED"),
    "NONE": Look("off", "circle-dashed", "NOT THERE"),
    "UNKNOWN": Look("off", "help-circle", "UNKNOWN"),
}

# The icon of a tone, where nothing says it better.
TONE_ICON = {
    "ok": "circle-check-filled",
    "wait": "clock-filled",
    "bad": "alert-triangle-filled",
    "off": "circle-minus",
    "run": "refresh",
    "": "circle-dashed",
}

EVENT = {
    "waiting": Look("run", "clock", _("Waiting to be sent")),
    "held": Look("wait", "player-pause-filled", _("Held")),
    "retrying": Look("wait", "repeat", _("Trying again")),
    "dead": Look("bad", "alert-triangle-filled", _("Dead letter")),
    "accepted": Look("ok", "circle-check-filled", _("Accepted by AWS")),
    "settled": Look("off", "filter", _("Settled, not sent")),
}


def look_of(looks: dict[str, Look], state: str) -> Look:
    """Return the look of a state; one that has none yet is shown by its own word, grey and with a question mark."""
    return looks.get(state) or Look("off", "help-circle", state)
