"""How a state looks: a tone, an icon and a word, so that it never depends on colour alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is a class of the stylesheet: ok, wait (somebody must act), bad, off (parked, unknown), run (at work)."""

    tone: str
    icon: str
    word: str


SOURCE = {
    "reserve": Look("off", "circle-dashed", "No AWS account yet"),
    "requested": Look("run", "send", "Being created"),
    "failed": Look("bad", "alert-triangle-filled", "Not created"),
    "pending": Look("wait", "clock-filled", "Waiting to be accepted"),
    "detached": Look("wait", "alert-triangle-filled", "Detached"),
    "active": Look("ok", "circle-check-filled", "Connected"),
    "opening": Look("run", "clock", "Connected, sending soon"),
    "checking": Look("wait", "help-circle", "Asking AWS again"),
    "paused": Look("off", "player-pause-filled", "Paused"),
    "expired": Look("bad", "circle-x-filled", "Expired"),
    "gone": Look("bad", "circle-x-filled", "Gone at AWS"),
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
    "waiting": Look("run", "clock", "Waiting to be sent"),
    "held": Look("wait", "player-pause-filled", "Held"),
    "retrying": Look("wait", "repeat", "Trying again"),
    "dead": Look("bad", "alert-triangle-filled", "Dead letter"),
    "accepted": Look("ok", "circle-check-filled", "Accepted by AWS"),
    "settled": Look("off", "filter", "Settled, not sent"),
}


def look_of(looks: dict[str, Look], state: str) -> Look:
    """Return the look of a state; one that has none yet is shown by its own word, grey and with a question mark."""
    return looks.get(state) or Look("off", "help-circle", state)
