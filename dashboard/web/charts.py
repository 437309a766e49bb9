"""Charts: lines over time. The browser draws them from their table, so that picture and numbers cannot differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `tone` is a class of the stylesheet; lines differ by `dash` as well as by colour."""

    name: str
    tone: str
    values: Sequence[int]
    dash: str = ""
    fill: bool = False

    @property
    def colour(self) -> str:
        """The token of the stylesheet that the line is drawn in."""
        return "accent" if self.tone == "run" else self.tone

    @property
    def latest(self) -> int:
        """The last value, which the legend shows while nobody points at another."""
        return self.values[-1] if self.values else 0


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the same moments, `step` minutes apart; the caption says what they show, in which unit."""

    caption: str
    step: int
    moments: Sequence[datetime]
    lines: Sequence[Line]

    @property
    def rows(self) -> Iterator[tuple[datetime, list[int]]]:
        """The table: each moment with the value of each line."""
        for place, moment in enumerate(self.moments):
            yield moment, [line.values[place] for line in self.lines]
