"""Finds the leaves of an event that lie at a pattern's path.

AWS joins keys with dots before it compares paths, so the path state.code is found in {"state": {"code": 1}} and in
{"state.code": 1} alike. Arrays do not show in a path: their elements stand in their place.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from integrations.patterns.conditions import Scalar
from integrations.patterns.cost import Budget

# Where an array lies: the dotted path to it, after which of its names a key ends (a bit for each), and how many arrays
# deep it lies there. No indices: leaves of different arrays at one place have different indices in an array around
# both.
Place = tuple[str, int, int]
# The arrays a leaf lies in: those around the innermost, the innermost, the index of the element in it. A scalar that is
# itself an element does not lie in that array: {"a": ["x", {"b": 1}]} has both a = x and a.b = 1, as in event-ruler.
# Linked, because a tuple of all the arrays would take quadratic memory where they are nested deeply.
Membership = tuple["Membership", Place, int] | None
Leaf = tuple[Scalar, Membership]
# Keys an object may have, the position in the path each of them leads to, and the bit of that position.
Steps = list[tuple[str, int, int]]
CONTAINERS = (dict, list)

# As long as so few names are left, all keys they can be joined to are looked up; before, an object's own keys are
# compared with the path. Of 200 names left, 200 keys can be joined, most of them long and none of them in the object.
FEW_NAMES = 8


def arrays_around(membership: Membership) -> list[tuple[Place, int]]:
    """The elements a leaf lies in, from the innermost array outwards."""
    elements = []
    while membership is not None:
        membership, place, index = membership
        elements.append((place, index))
    return elements


class LeafPath:
    """A dotted path, prepared for looking up in many events."""

    __slots__ = ("_end", "_few", "_path", "_positions", "_starts")

    def __init__(self, path: str) -> None:
        names = path.split(".")
        self._path = path
        self._end = len(names)
        self._starts = list(accumulate((len(name) + 1 for name in names), initial=0))
        # The position a key leads to, by the character of the path it ends before.
        self._positions = {start - 1: position for position, start in enumerate(self._starts) if position}
        self._few: list[Steps | None] = [
            [(".".join(names[start:stop]), stop, 1 << stop) for stop in range(start + 1, self._end + 1)]
            if self._end - start <= FEW_NAMES
            else None
            for start in range(self._end + 1)
        ]

    def leaves(self, event: Mapping[str, Any], budget: Budget) -> list[Leaf]:
        """All leaves at this path. Iterates: an event may be nested deeper than Python's stack."""
        found: list[Leaf] = []
        # A node, its position, where keys end on the way to it, how many arrays it lies in since the last key.
        pending: list[tuple[Any, int, int, int, Membership]] = [(event, 0, 0, 0, None)]
        visited = 0
        while pending:
            node, position, ends, levels, membership = pending.pop()
            if isinstance(node, dict):
                visited += 1
                steps = self._few[position]
                if steps is None:
                    visited += len(node)
                    steps = self._keys_on_the_way(node, position)
                for key, following, end in steps:
                    if key in node:
                        pending.append((node[key], following, ends | end, 0, membership))
            elif isinstance(node, list):
                visited += len(node)
                place = (self._path[: self._starts[position] - 1], ends, levels)
                for index, element in enumerate(node):
                    if isinstance(element, CONTAINERS):
                        pending.append((element, position, ends, levels + 1, (membership, place, index)))
                    elif position == self._end:
                        found.append((element, membership))
            elif position == self._end:
                found.append((node, membership))
        if visited > self._end:  # else it was the straight way to one leaf, which a match of 5 µs need not account for
            budget.spend(visited)
        return found

    def _keys_on_the_way(self, node: dict[str, Any], position: int) -> Steps:
        start, positions = self._starts[position], self._positions
        return [
            (key, following, 1 << following)
            for key in node
            if (following := positions.get(start + len(key))) and self._path.startswith(key, start)
        ]
