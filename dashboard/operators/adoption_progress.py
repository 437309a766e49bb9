"""How far an adoption is, and how its findings look."""

from dataclasses import dataclass

from dashboard.web.looks import Look, look_of
from integrations.reconciliation.adopting import next_line
from integrations.reconciliation.adoption import ADOPTABLE, ADOPTED, findings_of
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
    """`done` of `total` lines at what the adoption is at; `trouble` is AWS's refusal that is tried again."""

    state: str
    total: int
    done: int
    lines: int
    adoptable: int
    adopted: int
    trouble: str

    @property
    def look(self) -> Look:
        """How the state looks."""
        return look_of(STATES, self.state)

    @property
    def running(self) -> bool:
        """Whether lines are worked at."""
        return self.state in (Adoption.State.CHECKING, Adoption.State.APPLYING)

    @property
    def cancellable(self) -> bool:
        """Whether there is anything left to stop."""
        return self.running or self.state == Adoption.State.CHECKED

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


def progress_of(adoption: Adoption) -> Progress:
    """Return how far it is. Two queries."""
    found = findings_of(adoption)
    adoptable, adopted = found.get(ADOPTABLE, 0), found.get(ADOPTED, 0)
    applying = adoption.state == Adoption.State.APPLYING
    total = adoptable + adopted if applying else adoption.total
    line = next_line(adoption) if adoption.ended_at is None else None
    return Progress(
        state=adoption.state,
        total=total,
        done=adopted if applying else adoption.total - found.get("", 0),
        lines=adoption.total,
        adoptable=adoptable,
        adopted=adopted,
        trouble=line.message if line and line.tries else "",
    )


def _sources(number: int) -> str:
    return "source" if number == 1 else "sources"
