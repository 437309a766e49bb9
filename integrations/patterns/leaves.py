"""Finds the leaves of an event that lie at a pattern's path.

AWS joins keys with dots before it compares paths, so the path state.code is found in {"state": {"code": 1}} and in
{"state.code": 1} alike. Arrays do not show in a path: their elements stand in their place.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.patterns.conditions import Scalar

# Where an array lies: the keys that lead to it, and how many arrays deep it lies there. No indices: leaves of different
# arrays at one place have different indices in an array around both.
Place = tuple[tuple[str, ...], int]
# The arrays a leaf lies in: those around the innermost, the innermost, the index of the element in it. A scalar that is
# itself an element does not lie in that array: {"a": ["x", {"b": 1}]} has both a = x and a.b = 1, as in event-ruler.
# Linked, because a tuple of all the arrays would take quadratic memory where they are nested deeply.
Membership = tuple["Membership", Place, int] | None
Leaf = tuple[Scalar, Membership]


def arrays_around(membership: Membership) -> Iterator[tuple[Place, int]]:
    while membership is not None:
        membership, place, index = membership
        yield place, index


class LeafPath:
    """A dotted path, prepared for looking up in many events."""

    __slots__ = ("_end", "_steps")

    def __init__(self, path: str) -> None:
        names = path.split(".")
        self._end = len(names)
        # For every position, the keys an object there may have and the position each of them leads to.
        self._steps = [
            tuple((".".join(names[start:stop]), stop) for stop in range(start + 1, self._end + 1))
            for start in range(self._end + 1)
        ]

    def leaves(self, event: Mapping[str, Any]) -> list[Leaf]:
        """All leaves at this path. Iterates: an event may be nested deeper than Python's stack."""
        found: list[Leaf] = []
        pending: list[tuple[Any, int, tuple[str, ...], int, Membership]] = [(event, 0, (), 0, None)]
        while pending:
            node, position, keys, levels, membership = pending.pop()
            if isinstance(node, dict):
                for key, following in self._steps[position]:
                    if key in node:
                        pending.append((node[key], following, (*keys, key), 0, membership))
            elif isinstance(node, list):
                for index, element in enumerate(node):
                    if isinstance(element, dict | list):
                        inside = (membership, (keys, levels), index)
                        pending.append((element, position, keys, levels + 1, inside))
                    elif position == self._end:
                        found.append((element, membership))
            elif position == self._end:
                found.append((node, membership))
        return found
