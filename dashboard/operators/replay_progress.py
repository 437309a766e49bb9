"""How far a replay is: what was sent, how fast, and how long the rest takes."""

from dataclasses import dataclass, field
from datetime import datetime

from dashboard.web.looks import Look, look_of
from integrations.events.models import Replay

LOOKS = {
    "requested": Look("run", "clock", "Begins in a moment"),
    "running": Look("run", "repeat", "Running"),
    "done": Look("ok", "circle-check-filled", "Done"),
    "cancelling": Look("wait", "hourglass", "Being taken back"),
    "cancelled": Look("off", "circle-x-filled", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` deliveries left the queue again, sent or dead; `total` is what was counted, a floor while it runs.

    `rate` and `left` move all the time and are no reason to draw the page anew.
    """

    state: str
    done: int
    total: int
    queued: int
    exact: bool
    missing: int
    withdrawn: int
    rate: int = field(repr=False)
    left: str = field(repr=False)

    @property
    def look(self) -> Look:
        """How the state looks."""
        return look_of(LOOKS, self.state)

    @property
    def ended(self) -> bool:
        """Whether nothing happens any more."""
        return self.state in (Replay.State.DONE, Replay.State.CANCELLED)


def progress_of(replay: Replay, queued: int, now: datetime) -> Progress:
    """Return how far it is. `queued`: deliveries of it that still wait to be sent."""
    done = max(replay.enqueued - replay.withdrawn - queued, 0)
    total = max(replay.matched - replay.missing, replay.enqueued)
    rate = _rate(replay, done, now)
    left = time_left(total - done, replay.rate or rate)
    running = replay.state in (Replay.State.RUNNING, Replay.State.CANCELLING)
    return Progress(
        state=replay.state,
        done=done,
        total=total,
        queued=queued,
        exact=replay.matched_exactly,
        missing=replay.missing,
        withdrawn=replay.withdrawn,
        rate=rate if running else 0,
        left=left if replay.state == Replay.State.RUNNING else "",
    )


def _rate(replay: Replay, done: int, now: datetime) -> int:
    if replay.started_at is None:
        return 0
    seconds = ((replay.ended_at or now) - replay.started_at).total_seconds()
    return round(done / seconds) if seconds >= 1 else 0


def time_left(number: int, rate: int) -> str:
    """Write how long so many take at so many a second; empty when nobody can tell."""
    if number <= 0 or rate <= 0:
        return ""
    seconds = -(-number // rate)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
