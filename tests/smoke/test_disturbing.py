"""A run with faults goes on until each kind of fault has struck."""

from collections import Counter

from tests.smoke.disturbing import KINDS, ROUNDS, until_each_has_struck


def test_rounds_are_played_until_the_last_kind_has_struck() -> None:
    struck = Counter(dict.fromkeys(KINDS[:-1], 1))
    rounds: list[int] = []

    def play_round(number: int) -> bool:
        rounds.append(number)
        struck[KINDS[-1]] += number == 3
        return True

    assert until_each_has_struck(lambda: struck, play_round) == []
    assert rounds == [1, 2, 3]


def test_a_kind_that_never_strikes_is_named_after_a_bounded_number_of_rounds() -> None:
    rounds: list[int] = []
    never = until_each_has_struck(lambda: {KINDS[0]: 1, KINDS[1]: 0}, lambda number: rounds.append(number) is None)
    assert never == list(KINDS[1:])
    assert len(rounds) == ROUNDS


def test_no_round_is_played_after_one_that_failed() -> None:
    rounds: list[int] = []
    assert until_each_has_struck(dict, lambda number: rounds.append(number) is not None) == list(KINDS)
    assert rounds == [1]
