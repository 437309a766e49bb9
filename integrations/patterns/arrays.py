"""Array consistency: the leaves that satisfy a pattern must not lie in different elements of one array.

event-ruler visits the fields of a pattern in the order of their paths and carries along which element of which array it
is committed to. So does this module, with all possible commitments at once: each field keeps those it can be satisfied
under. Two rules keep them few. A commitment is forgotten as soon as no later field lies in its array. And a field that
is satisfied as things stand is not tried with further commitments, which could only narrow the choice of later fields.

The order matters to `exists: false` alone: it asks for absence from the elements committed to so far. There a further
commitment may help, so the second rule waits until no such field follows.
"""

from collections.abc import Iterable, Sequence

from integrations.patterns.conditions import Condition, Scalar
from integrations.patterns.cost import Budget
from integrations.patterns.leaves import Leaf, Place, arrays_around

Elements = list[tuple[Place, int]]
Commitment = frozenset[tuple[Place, int]]
Field = tuple[Condition, list[tuple[Scalar, Elements]]]


def consistent(fields: Sequence[tuple[Condition, list[Leaf]]], budget: Budget) -> bool:
    """Whether the fields, in the order of their paths, can be satisfied without mixing elements of an array."""
    unfolded = [(condition, _unfolded(leaves, budget)) for condition, leaves in fields]
    last_absence = max((number for number, (asked, _) in enumerate(fields) if asked.absence_suffices), default=-1)
    commitments: set[Commitment] = {frozenset()}
    for number, (field, needed) in enumerate(zip(unfolded, _arrays_of_later_fields(unfolded), strict=True)):
        commitments = _satisfying(field, commitments, needed, budget, sparing=number >= last_absence)
        if not commitments:
            return False
    return True


def _unfolded(leaves: list[Leaf], budget: Budget) -> list[tuple[Scalar, Elements]]:
    unfolded = []
    for value, membership in leaves:
        elements = arrays_around(membership)
        budget.spend(len(elements))
        unfolded.append((value, elements))
    return unfolded


def _satisfying(
    field: Field, commitments: set[Commitment], needed: set[Place], budget: Budget, *, sparing: bool
) -> set[Commitment]:
    """The commitments the field can be satisfied under, as far as later fields lie in the `needed` arrays."""
    condition, leaves = field
    kept = needed.union(*(_arrays(commitment) for commitment in commitments))
    accepted = _Memberships((mine for value, mine in leaves if condition.accepts(value)), kept, budget)
    present = _Memberships((mine for _, mine in leaves), kept, budget) if condition.absence_suffices else None
    satisfying: set[Commitment] = set()
    for commitment in commitments:
        if (sparing and accepted.any_within(commitment)) or (present and not present.joined_with(commitment)):
            satisfying.add(_within(needed, commitment))
        else:
            satisfying.update(_within(needed, whole) for whole in accepted.joined_with(commitment))
    return satisfying


class _Memberships:
    """The memberships of a field's leaves, indexed so that those which agree with a commitment are found at once."""

    def __init__(self, memberships: Iterable[Elements], kept: set[Place], budget: Budget) -> None:
        self._budget = budget
        self._by_arrays: dict[frozenset[Place], set[Commitment]] = {}
        self._indexes: dict[tuple[frozenset[Place], frozenset[Place]], dict[Commitment, list[Commitment]]] = {}
        for membership in memberships:
            mine = _within(kept, membership)
            self._by_arrays.setdefault(_arrays(mine), set()).add(mine)

    def any_within(self, commitment: Commitment) -> bool:
        """Whether any membership is part of the commitment."""
        committed = _arrays(commitment)
        self._budget.spend(len(self._by_arrays) * (1 + len(committed)))
        return any(
            arrays <= committed and _within(arrays, commitment) in memberships
            for arrays, memberships in self._by_arrays.items()
        )

    def joined_with(self, commitment: Commitment) -> list[Commitment]:
        """The commitment extended by each membership that does not contradict it."""
        committed = _arrays(commitment)
        joined = []
        for arrays in self._by_arrays:
            shared = arrays & committed
            agreeing = self._index(arrays, shared).get(_within(shared, commitment), ())
            self._budget.spend(1 + len(committed) + len(agreeing) * len(arrays | committed))
            joined += [commitment | mine for mine in agreeing]
        return joined

    def _index(self, arrays: frozenset[Place], shared: frozenset[Place]) -> dict[Commitment, list[Commitment]]:
        index = self._indexes.get((arrays, shared))
        if index is None:
            self._budget.spend(len(self._by_arrays[arrays]) * len(arrays))
            index = self._indexes[arrays, shared] = {}
            for mine in self._by_arrays[arrays]:
                index.setdefault(_within(shared, mine), []).append(mine)
        return index


def _arrays_of_later_fields(fields: Sequence[Field]) -> list[set[Place]]:
    """For every field, the arrays that leaves of the fields after it lie in."""
    seen: set[Place] = set()
    later = []
    for _, leaves in reversed(fields):
        later.append(set(seen))
        seen.update(place for _, elements in leaves for place, _ in elements)
    return later[::-1]


def _arrays(commitment: Commitment) -> frozenset[Place]:
    return frozenset(place for place, _ in commitment)


def _within(places: set[Place] | frozenset[Place], elements: Iterable[tuple[Place, int]]) -> Commitment:
    return frozenset(element for element in elements if element[0] in places)
