"""Processor time: what a tree of processes used, and what everybody else on this machine did meanwhile.

Read from /proc, so the benchmarks need Linux.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
IDLE, IOWAIT, GUESTS = 3, 4, slice(8, 10)  # fields of the first line of /proc/stat


def of_tree(pid: int) -> float:
    """Return the seconds that a process, its children and those of them that ended have used."""
    return sum(_of_process(each) for each in _tree(pid))


@dataclass(frozen=True)
class Moment:
    """The clock, the whole machine's busy seconds and our own, read together."""

    at: float
    busy: float
    ours: float

    @classmethod
    def now(cls) -> "Moment":
        return cls(time.monotonic(), _busy_seconds(), of_tree(os.getpid()))

    def foreign_cores_since(self) -> float:
        """Return how many cores others kept busy since this moment: other programs, the kernel's own threads, and
        what the hypervisor took."""
        now = Moment.now()
        elapsed = max(now.at - self.at, 1 / TICKS)
        return max(0.0, (now.busy - self.busy - (now.ours - self.ours)) / elapsed)


def _tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += _tree(int(child))
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        pass
    return found


def _of_process(pid: int) -> float:
    try:
        # The name in parentheses may hold spaces. After it the 12th to 15th: its own time and that of ended children.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _busy_seconds() -> float:
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields) - sum(fields[GUESTS]) - fields[IDLE] - fields[IOWAIT]) / TICKS
