"""AWS's bad days, one after the other: each lasts until it has struck."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from random import Random

from tests.chaos.aws import Aws
from tests.chaos.background import Background
from tests.smoke.disturbing import FAULTS as ALL_AT_ONCE
from tests.smoke.disturbing import KINDS

# Rates of calls or entries, by the simulator's name for what is counted.
FAULTS = {
    "throttle": {"throttle_rate": 0.3},
    "internal": {"internal_rate": 0.3},
    "entry_failure": {"entry_failure_rate": 0.2},
    "latency": {"latency_ms": 600},
    "timeout_after_accepting": {"timeout_after_accepting_rate": 0.2, "timeout_seconds": 0.5},
}
LOOK_SECONDS = 0.2


class Faults(Background):
    """Every kind once, in an order of its own, then again in others and all at once. `seconds` is for how long each."""

    def __init__(self, aws: Aws, aws_in_use: threading.Lock, dice: Random, seconds: float) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._aws, self._aws_in_use = aws, aws_in_use
        self._dice, self._seconds = dice, seconds

    @property
    def have_all_struck(self) -> bool:
        return all(self.counts[kind] for kind in KINDS)

    def work(self) -> None:
        while not self.ended.is_set():
            for kind in self._dice.sample(KINDS, len(KINDS)):
                self._suffer(FAULTS[kind], until_struck=kind)
            self._suffer(ALL_AT_ONCE)
        with self._aws_in_use:
            self._aws.behave()

    def _suffer(self, faults: Mapping[str, float], until_struck: str = "") -> None:
        with self._aws_in_use:
            self._aws.misbehave(faults)
        over_at, before, seen = time.monotonic() + self._seconds, self.counts[until_struck], Counter[str]()
        while time.monotonic() < over_at or (until_struck and self.counts[until_struck] == before):
            if self.ended.wait(LOOK_SECONDS):
                return
            seen = self._count(seen)

    def _count(self, seen: Counter[str]) -> Counter[str]:
        """Add what has struck since the last look; the simulator counts from zero when it was killed."""
        with self._aws_in_use:
            now = Counter(self._aws.fault_counts())
        self.counts += now - seen if now >= seen else now
        return now
