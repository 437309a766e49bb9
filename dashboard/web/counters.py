"""A number beside an entry of the sidebar."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """How many, in which tone of the stylesheet, and what the number means for who cannot see the colour."""

    number: str
    meaning: str
    tone: str = ""
