"""What a person reads of a run: a line now and then, a table at the end, and what is missing."""

import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.smoke.books import Totals

EVERY_SECONDS = 5.0
SHOWN = 20


@dataclass(frozen=True)
class Outcome:
    """A whole run. `seconds` are those from the first post to the last arrival."""

    totals: Totals
    accepted: int
    seconds: float
    problems: list[str]
    with_faults: bool

    @property
    def good(self) -> bool:
        totals = self.totals
        never = totals.lost + totals.wrong_tenant + totals.changed + totals.nobodys + len(self.problems)
        return totals.sent > 0 and not never and (self.with_faults or not totals.duplicated)


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Progress:
    """Says every few seconds how far the run is, whatever the run is waiting for."""

    def __init__(
        self, totals: Callable[[], Totals], speak: Callable[[str], None] = say, every_seconds: float = EVERY_SECONDS
    ) -> None:
        self._totals = totals
        self._speak = speak
        self._every_seconds = every_seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="progress")

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _tell(self) -> None:
        began_at = time.monotonic()
        while not self._end.wait(self._every_seconds):
            totals = self._totals()
            seconds = time.monotonic() - began_at
            self._speak(f"  {seconds:4.0f} s: {totals.received} of {totals.sent} deliveries arrived")


def table(outcome: Outcome) -> str:
    """Return the totals as a table of one row."""
    totals = outcome.totals
    cells = {
        "events": totals.events,
        "sent": totals.sent,
        "accepted by AWS": outcome.accepted,
        "received": totals.received,
        "lost": totals.lost,
        "duplicated": totals.duplicated,
        "wrong tenant": totals.wrong_tenant,
        "changed": totals.changed,
        "seconds": f"{outcome.seconds:.1f}",
    }
    widths = [max(len(name), len(str(value))) for name, value in cells.items()]
    rows = [cells.keys(), ["-" * width for width in widths], cells.values()]
    return "\n".join("  ".join(str(cell).rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def problem_list(outcome: Outcome) -> str:
    """Return what is wrong beyond the numbers, bounded."""
    problems = list(outcome.problems)
    if outcome.totals.nobodys:
        problems.append(f"{outcome.totals.nobodys} messages arrived that nobody had posted")
    more = [f"... and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return "\n".join(f"  - {problem}" for problem in [*problems[:SHOWN], *more])


def story_line(story: dict[str, Any], source_id: str) -> str:
    """Return what Partnerbus tells of one delivery, in a line."""
    delivery = next((each for each in story["deliveries"] if each["source"] == source_id), None)
    said = "no such delivery" if delivery is None else _with_reason(delivery["state"], delivery["reason"])
    codes = [attempt["code"] for attempt in story["attempts"] if attempt["source"] == source_id]
    return f"{said}; attempts: {_brief(codes) or 'none'}"


def _with_reason(state: str, reason: str | None) -> str:
    return f"{state} ({reason})" if reason else state


def _brief(codes: Iterable[str]) -> str:
    return ", ".join(list(codes)[-5:])
