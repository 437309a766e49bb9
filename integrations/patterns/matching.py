"""Matches a compiled pattern against events."""

from collections.abc import Mapping
from typing import Any

from integrations.patterns.arrays import consistent
from integrations.patterns.conditions import Condition
from integrations.patterns.cost import Budget
from integrations.patterns.leaves import Leaf, LeafPath


class EventPattern:
    """A compiled event pattern: immutable, and safe to share between threads."""

    __slots__ = ("_alternatives",)

    def __init__(self, alternatives: list[dict[str, Condition]]) -> None:
        """`alternatives` are what `$or` leaves to choose from: conditions by dotted path, all of which must be met."""
        paths = {path: LeafPath(path) for conditions in alternatives for path in conditions}
        self._alternatives = [_Alternative(conditions, paths) for conditions in alternatives]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether EventBridge would run a rule with this pattern for `event`: a parsed envelope, or any JSON object.

        Raises MatchTooCostly for an event that takes more than 500,000 steps, which only one made for that does.
        """
        root = event if isinstance(event, dict) else dict(event)
        budget = Budget()
        for alternative in self._alternatives:  # noqa: SIM110 - a generator in any() costs a tenth of a match
            if alternative.matches(root, budget):
                return True
        return False


class _Alternative:
    __slots__ = ("_fields",)

    def __init__(self, conditions: dict[str, Condition], paths: dict[str, LeafPath]) -> None:
        self._fields = [(paths[path], conditions[path]) for path in sorted(conditions)]

    def matches(self, event: dict[str, Any], budget: Budget) -> bool:
        in_arrays: list[tuple[Condition, list[Leaf]]] = []
        for path, condition in self._fields:
            leaves = path.leaves(event, budget)
            accepted, in_array = _judge(condition, leaves)
            if not accepted and not condition.absence_suffices:
                return False
            if in_array:
                in_arrays.append((condition, leaves))
            elif leaves and not accepted:
                return False
        return not in_arrays or consistent(in_arrays, budget)


def _judge(condition: Condition, leaves: list[Leaf]) -> tuple[bool, bool]:
    """Whether any of the leaves is accepted, and whether any lies in an array of objects."""
    accepted = in_array = False
    for value, membership in leaves:
        accepted = accepted or condition.accepts(value)
        in_array = in_array or membership is not None
    return accepted, in_array
