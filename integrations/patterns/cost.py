"""What one match may cost.

Some events are made to be expensive: array consistency is a search, and what it has to remember may grow with a high
power of the event's size. Steps are counted, not seconds, so that the verdict is the same on every machine.
"""

# About a microsecond each. An ordinary match takes ten or twenty; one of five fields in every object of an array as
# long as 256 KB can hold (7,500 objects) takes 190,000.
MAX_STEPS = 500_000
_SENTENCE = (
    f"Matching the event against the pattern takes more than {MAX_STEPS:,} steps: send shorter or less nested arrays, "
    "avoid dots in keys, or ask for fewer fields and $or branches in the pattern."
)


class MatchTooCostly(RuntimeError):
    """Whether the event matches was not found out within the steps one match may take; trying again will not help."""


class Budget:
    """The steps that are left for one match."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def spend(self, steps: int) -> None:
        """Raise MatchTooCostly once more than MAX_STEPS are spent."""
        self._left -= steps
        if self._left < 0:
            raise MatchTooCostly(_SENTENCE)
