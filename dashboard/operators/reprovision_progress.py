"""How far it is to provision many sources again: done, how fast, and how long the rest takes."""

from dataclasses import dataclass, field
from datetime import datetime

from dashboard.operators.replay_progress import time_left
from dashboard.web.looks import Look, look_of
from integrations.reconciliation.models import BulkRenewal

STATES = {
    "running": Look("run", "repeat", "Running"),
    "done": Look("ok", "circle-check-filled", "Done"),
    "cancelled": Look("off", "circle-x-filled", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` counts the renewed and the skipped ones.

    `rate` and `left` move all the time and are no reason to draw the page anew.
    """

    state: str
    total: int
    done: int
    renewed: int
    skipped: int
    rate: int = field(repr=False)
    left: str = field(repr=False)

    @property
    def look(self) -> Look:
        """How the state looks."""
        return look_of(STATES, self.state)

    @property
    def ended(self) -> bool:
        """Whether nothing happens any more."""
        return self.state != BulkRenewal.State.RUNNING

    @property
    def title(self) -> str:
        """What is going on, with its numbers."""
        words = f"{self.renewed:,} of {self.total:,} {'source' if self.total == 1 else 'sources'} provisioned again"
        return {"running": f"{words} so far", "cancelled": f"Cancelled with {words}"}.get(self.state, words)


def progress_of(renewal: BulkRenewal, now: datetime) -> Progress:
    """Return how far it is."""
    done = renewal.done + renewal.skipped
    running = renewal.state == BulkRenewal.State.RUNNING
    seconds = (now - renewal.created_at).total_seconds()
    return Progress(
        state=renewal.state,
        total=renewal.total,
        done=done,
        renewed=renewal.done,
        skipped=renewal.skipped,
        rate=min(round(done / seconds), renewal.per_second) if running and seconds >= 1 else 0,
        left=time_left(renewal.total - done, renewal.per_second) if running else "",
    )
