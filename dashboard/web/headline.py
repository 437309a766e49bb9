"""The sentence with which a page begins."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headline:
    """The state as the title, then the numbers and who does what next. `tone` is ok, wait, bad, off or run."""

    tone: str
    icon: str
    title: str
    lede: str
