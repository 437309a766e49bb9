"""The reckoning gives every copy a reason that was recorded, or says that it has none."""

from tests.chaos.reckoning import Reckoning, Recorded, reckon

ONE = ("event", "source")


def counted(arrived: set[str], recorded: Recorded) -> Reckoning:
    return reckon({ONE: arrived}, recorded)


def test_what_arrived_once_and_was_recorded_is_no_duplicate() -> None:
    found = counted({"a"}, Recorded(accepted={ONE: {"a"}}))
    assert (found.deliveries, found.copies, found.duplicates) == (1, 1, 0)
    assert not found.dropped


def test_a_copy_whose_answer_never_came_is_explained_by_its_attempt() -> None:
    found = counted({"a", "b"}, Recorded(accepted={ONE: {"b"}}, unanswered={ONE: 1}))
    assert (found.duplicates, found.unanswered, found.in_flight) == (1, 1, 0)


def test_more_copies_than_attempts_without_answer_were_in_flight() -> None:
    found = counted({"a", "b", "c"}, Recorded(accepted={ONE: {"c"}}, unanswered={ONE: 1}))
    assert (found.duplicates, found.unanswered, found.in_flight) == (2, 1, 1)


def test_a_copy_that_nothing_was_recorded_of_was_in_flight() -> None:
    found = counted({"a", "b"}, Recorded(accepted={ONE: {"b"}}))
    assert (found.unanswered, found.in_flight) == (0, 1)


def test_two_recorded_acceptances_are_a_defect_even_where_both_arrived() -> None:
    assert counted({"a", "b"}, Recorded(accepted={ONE: {"a", "b"}})).recorded_twice == [ONE]


def test_an_acceptance_that_did_not_arrive_was_dropped_unnoticed() -> None:
    assert reckon({}, Recorded(accepted={ONE: {"a"}})).dropped == [ONE]


def test_a_dropped_acceptance_that_was_replayed_was_doubtful() -> None:
    found = counted({"b"}, Recorded(accepted={ONE: {"a"}}, replayed={ONE: {"b"}}))
    assert (found.doubtful, found.dropped, found.duplicates) == (1, [], 0)


def test_a_replay_of_what_had_arrived_is_a_duplicate_of_its_own_kind() -> None:
    found = counted({"a", "b"}, Recorded(accepted={ONE: {"a"}}, replayed={ONE: {"b"}}))
    assert (found.duplicates, found.replayed, found.in_flight) == (1, 1, 0)
