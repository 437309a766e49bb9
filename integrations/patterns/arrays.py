"""Array consistency: the leaves that satisfy a pattern must not lie in different elements of one array.

event-ruler visits the fields of a pattern in the order of their paths and carries along which element of which array it
is committed to. So does this module, with all possible commitments at once: each field keeps those it can be satisfied
under. A commitment is forgotten as soon as no later field lies in its array, which keeps them few.

The order matters to `exists: false` alone: it asks for absence from the elements committed to so far.
"""

from collections.abc import Iterable, Sequence

from integrations.patterns.conditions import Condition
from integrations.patterns.leaves import Leaf, Membership, Place, arrays_around

Commitment = frozenset[tuple[Place, int]]


def consistent(fields: Sequence[tuple[Condition, list[Leaf]]]) -> bool:
    """Whether the fields, in the order of their paths, can be satisfied without mixing elements of an array."""
    later = _arrays_of_later_fields([leaves for _, leaves in fields])
    commitments: set[Commitment] = {frozenset()}
    for (condition, leaves), needed in zip(fields, later, strict=True):
        kept = needed.union(*(_arrays(commitment) for commitment in commitments))
        accepted = _Memberships((mine for value, mine in leaves if condition.accepts(value)), kept)
        satisfied = {whole for commitment in commitments for whole in accepted.joined_with(commitment)}
        if condition.absence_suffices:
            present = _Memberships((mine for _, mine in leaves), kept)
            satisfied |= {commitment for commitment in commitments if not present.joined_with(commitment)}
        commitments = {_within(needed, whole) for whole in satisfied}
        if not commitments:
            return False
    return True


class _Memberships:
    """The memberships of a field's leaves, indexed so that those which agree with a commitment are found at once."""

    def __init__(self, memberships: Iterable[Membership], kept: set[Place]) -> None:
        self._by_arrays: dict[frozenset[Place], set[Commitment]] = {}
        self._indexes: dict[tuple[frozenset[Place], frozenset[Place]], dict[Commitment, list[Commitment]]] = {}
        for membership in memberships:
            mine = _within(kept, arrays_around(membership))
            self._by_arrays.setdefault(_arrays(mine), set()).add(mine)

    def joined_with(self, commitment: Commitment) -> list[Commitment]:
        """The commitment extended by each membership that does not contradict it."""
        committed = _arrays(commitment)
        joined = []
        for arrays in self._by_arrays:
            shared = arrays & committed
            agreeing = self._index(arrays, shared).get(_within(shared, commitment), ())
            joined += [commitment | mine for mine in agreeing]
        return joined

    def _index(self, arrays: frozenset[Place], shared: frozenset[Place]) -> dict[Commitment, list[Commitment]]:
        index = self._indexes.get((arrays, shared))
        if index is None:
            index = self._indexes[arrays, shared] = {}
            for mine in self._by_arrays[arrays]:
                index.setdefault(_within(shared, mine), []).append(mine)
        return index


def _arrays_of_later_fields(leaves: Sequence[list[Leaf]]) -> list[set[Place]]:
    """For every field, the arrays that leaves of the fields after it lie in."""
    seen: set[Place] = set()
    later = []
    for field in reversed(leaves):
        later.append(set(seen))
        seen.update(place for _, membership in field for place, _ in arrays_around(membership))
    return later[::-1]


def _arrays(commitment: Commitment) -> frozenset[Place]:
    return frozenset(place for place, _ in commitment)


def _within(places: set[Place] | frozenset[Place], elements: Iterable[tuple[Place, int]]) -> Commitment:
    return frozenset(element for element in elements if element[0] in places)
