"""How far an adoption is, and how its findings look."""

from dataclasses import dataclass, field
from datetime import datetime

from dashboard.operators.replay_progress import time_left
from dashboard.web.looks import Look, look_of
from integrations.reconciliation.adopting import next_line
from integrations.reconciliation.adoption import ADOPTABLE, ADOPTED, findings_of
from integrations.reconciliation.adoption_file import INVALID, TWICE
from integrations.reconciliation.models import Adoption

STATES = {
    "checking": Look("run", "search", "AWS is being asked"),
    "checked": Look("wait", "checklist", "Waits for your decision"),
    "applying": Look("run", "plug-connected", "Being adopted"),
    "done": Look("ok", "circle-check-filled", "Done"),
    "cancelled": Look("off", "circle-x-filled", "Cancelled"),
}
FINDINGS = {
    "adopted": Look("ok", "circle-check-filled", "Adopted"),
    "adoptable": Look("ok", "check", "Can be adopted"),
    "being_deleted": Look("wait", "hourglass", "Being deleted"),
    "known": Look("off", "circle-minus", "Here already"),
    "tenant_unknown": Look("wait", "help-circle", "No such tenant"),
    "account_ambiguous": Look("wait", "users", "Several accounts"),
    "tenant_invalid": Look("bad", "alert-triangle-filled", "No possible tenant"),
    "unknown_at_aws": Look("bad", "unlink", "Not at AWS"),
    "other_account": Look("bad", "users", "Offered to another account"),
    "twice": Look("bad", "copy", "Twice in the file"),
    "invalid": Look("bad", "alert-triangle-filled", "Cannot be used"),
    "error": Look("bad", "alert-triangle-filled", "AWS did not answer"),
}
WAITING = Look("run", "clock", "AWS is asked next")


def look_of_finding(finding: str) -> Look:
    """Return how a line's finding looks; a line that waits for AWS has none yet."""
    return look_of(FINDINGS, finding) if finding else WAITING


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` lines at what the adoption is at; `trouble` is AWS's refusal that is tried again.

    `rate` and `left` move all the time and are no reason to draw the page anew.
    """

    state: str
    total: int
    done: int
    lines: int
    adoptable: int
    adopted: int
    trouble: str
    rate: int = field(repr=False)
    left: str = field(repr=False)

    @property
    def look(self) -> Look:
        """How the state looks."""
        return look_of(STATES, self.state)

    @property
    def running(self) -> bool:
        """Whether lines are worked at."""
        return self.state in (Adoption.State.CHECKING, Adoption.State.APPLYING)

    @property
    def left_out(self) -> int:
        """How many lines cannot be adopted as they are."""
        return self.lines - self.adoptable - self.adopted

    @property
    def title(self) -> str:
        """What is going on, with its numbers."""
        return {
            "checking": f"AWS is asked about {self.lines:,} {_sources(self.lines)}",
            "checked": f"{self.adoptable:,} of {self.lines:,} {_sources(self.lines)} can be adopted",
            "applying": f"{self.adopted:,} of {self.total:,} {_sources(self.total)} adopted so far",
            "done": f"{self.adopted:,} of {self.lines:,} {_sources(self.lines)} adopted",
        }.get(self.state, f"Cancelled with {self.adopted:,} of {self.lines:,} {_sources(self.lines)} adopted")


def progress_of(adoption: Adoption, now: datetime) -> Progress:
    """Return how far it is. Two queries."""
    found = findings_of(adoption)
    adoptable, adopted = found.get(ADOPTABLE, 0), found.get(ADOPTED, 0)
    applying = adoption.state == Adoption.State.APPLYING
    total = adoptable + adopted if applying else adoption.total
    done = adopted if applying else adoption.total - found.get("", 0)
    unasked = 0 if applying else found.get(INVALID, 0) + found.get(TWICE, 0)  # known before AWS is asked
    line = next_line(adoption) if adoption.ended_at is None else None
    rate = _rate(adoption, done - unasked, now)
    return Progress(
        state=adoption.state,
        total=total,
        done=done,
        lines=adoption.total,
        adoptable=adoptable,
        adopted=adopted,
        trouble=line.message if line and line.tries else "",
        rate=rate,
        left=time_left(total - done, rate),
    )


def _rate(adoption: Adoption, done: int, now: datetime) -> int:
    if adoption.state not in (Adoption.State.CHECKING, Adoption.State.APPLYING):
        return 0
    seconds = (now - (adoption.applied_at or adoption.created_at)).total_seconds()
    return round(done / seconds) if seconds >= 1 else 0


def _sources(number: int) -> str:
    return "source" if number == 1 else "sources"
