"""What a benchmark found: one number per run, and of those the median."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Better = Literal["higher", "lower"]


class Failed(Exception):
    """A scenario could not be measured, or what it measured would be wrong; the text says why."""


@dataclass(frozen=True)
class Result:
    """One id with its runs. `foreign` is, run by run, how many cores other programs kept busy meanwhile."""

    id: str
    unit: str
    better: Better
    runs: Sequence[float]
    note: str = ""
    foreign: Sequence[float] = field(default_factory=tuple)

    @property
    def value(self) -> float:
        return statistics.median(self.runs)

    @property
    def spread(self) -> float:
        """Half the distance between the best and the worst run, as a share of the median."""
        return (max(self.runs) - min(self.runs)) / 2 / abs(self.value) if self.value else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "value": _short(self.value),
            "unit": self.unit,
            "better": self.better,
            "runs": [_short(run) for run in self.runs],
            "spread": round(self.spread, 3),
            "foreign_cores": [round(cores, 2) for cores in self.foreign],
            **({"note": self.note} if self.note else {}),
        }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` (0 to 1) of the values do not exceed. Raises Failed for no values."""
    if not values:
        raise Failed("there is nothing to take a percentile of")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _short(number: float) -> float:
    return float(f"{number:.4g}") if abs(number) < 1_000 else round(number)
