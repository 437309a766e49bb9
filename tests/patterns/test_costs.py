"""What a match may cost: events made to be expensive are answered or given up in time."""

import json
import pickle
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.patterns import MatchTooCostly, compile_pattern
from tests.patterns import generated, naive

PRESENT = [{"exists": True}]
SIX = "012345"
SIX_FIELDS = compile_pattern({"detail": {"a": {"b": {"c": dict.fromkeys(SIX, PRESENT)}}}})
LONG_PATH = "a" + ".a" * 244


def at_four_places(elements: Any) -> dict[str, Any]:
    """The same array at all places that make the path a.b.c."""
    return {"a.b.c": elements, "a.b": {"c": elements}, "a": {"b.c": elements, "b": {"c": elements}}}


@contextmanager
def two_seconds_of_cpu() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < 2


@pytest.mark.parametrize("length", [5, 16, 200])
def test_six_fields_of_one_path_at_four_places_are_matched_in_linear_time(length: int) -> None:
    event = {"detail": at_four_places([dict.fromkeys(SIX, 1)] * length)}
    with two_seconds_of_cpu():
        assert SIX_FIELDS.matches(event)


@pytest.mark.parametrize("length", [16, 200, 2_000])
def test_a_search_that_explodes_is_given_up_in_a_sentence(length: int) -> None:
    event = {"detail": at_four_places([{name: 1} for name in SIX] * length)}
    with two_seconds_of_cpu(), pytest.raises(MatchTooCostly, match="takes more than 500,000 steps: send shorter"):
        SIX_FIELDS.matches(event)


def test_the_verdict_too_costly_is_the_same_every_time_and_spoils_no_later_match() -> None:
    for _ in range(3):
        with pytest.raises(MatchTooCostly):
            SIX_FIELDS.matches({"detail": at_four_places([{name: 1} for name in SIX] * 16)})
        assert SIX_FIELDS.matches({"detail": {"a": {"b": {"c": dict.fromkeys(SIX, 1)}}}})


def test_the_branches_of_a_pattern_share_one_budget() -> None:
    branches = compile_pattern({"d": {"$or": [{"a": ["x"], f"k{number}": ["y"]} for number in range(60)]}})
    elements: list[Any] = [{"a": "x"}] * 2_000
    assert not branches.matches({"d": elements})
    with two_seconds_of_cpu(), pytest.raises(MatchTooCostly):
        branches.matches({"d": elements * 10})


def test_objects_without_keys_cost_a_long_path_nothing() -> None:
    pattern = compile_pattern({LONG_PATH: ["x"]})
    event = json.loads('{"a": [' + ",".join(["{}"] * 60_000) + "]}")
    with two_seconds_of_cpu():
        for _ in range(3):
            assert not pattern.matches(event)


def test_a_path_of_a_thousand_names_is_compiled_in_little_memory() -> None:
    path = "a" + ".a" * 999
    tracemalloc.start()
    try:
        pattern = compile_pattern({path: ["x"]})
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert pattern.matches({path: "x"})
    assert not pattern.matches({path + ".a": "x"})


def test_five_fields_of_an_array_as_long_as_an_event_can_hold_are_matched() -> None:
    element = dict.fromkeys("abcde", 1)
    event = {"detail": {"list": [element] * (262_144 // len(json.dumps(element, separators=(",", ":"))))}}
    assert compile_pattern({"detail": {"list": {name: [1] for name in "abcde"}}}).matches(event)
    assert not compile_pattern({"detail": {"list": {name: [2 if name == "e" else 1] for name in "abcde"}}}).matches(
        event
    )


def test_too_costly_survives_pickling() -> None:
    with pytest.raises(MatchTooCostly) as given_up:
        SIX_FIELDS.matches({"detail": at_four_places([{name: 1} for name in SIX] * 16)})
    assert str(pickle.loads(pickle.dumps(given_up.value))) == str(given_up.value)  # noqa: S301


@settings(max_examples=300)
@given(generated.ASKED_OF_ELEMENTS, st.lists(st.lists(generated.ELEMENTS, max_size=2), min_size=4, max_size=4))
def test_arrays_at_places_of_one_path_are_matched_as_in_the_naive_model(
    asked: dict[str, Any], lists: list[Any]
) -> None:
    event = {"a.b.c": lists[0], "a.b": {"c": lists[1]}, "a": {"b.c": lists[2], "b": {"c": lists[3]}}}
    pattern = {"a": {"b": {"c": asked}}}
    assert compile_pattern(pattern).matches(event) is naive.matches(pattern, event)


@st.composite
def spelled(draw: st.DrawFn, names: list[str]) -> Any:
    """An event with a leaf at the end of `names`, which are joined here and there, with arrays in between."""
    if not names:
        return draw(st.sampled_from([1, 2, [1, 2]]))
    stop = draw(st.integers(1, len(names)))
    inner = {".".join(names[:stop]): draw(spelled(names[stop:])), "other": 1, ".".join([*names, "a"]): 1}
    return draw(st.sampled_from([inner, [inner], [{"a": 3}, inner]]))


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["a", "b", ""]), min_size=7, max_size=14), st.data())
def test_long_paths_are_found_however_they_are_spelled(names: list[str], data: st.DataObject) -> None:
    event = {"detail": data.draw(spelled(names))}
    pattern = {"detail": {".".join(names): [1], ".".join([*names, "a"]): data.draw(generated.ASKED)}}
    assert compile_pattern(pattern).matches(event) is naive.matches(pattern, event)
    assert compile_pattern({"detail": {".".join(names): [{"exists": True}]}}).matches(event)


def test_a_field_that_is_satisfied_may_commit_further_when_that_makes_a_later_one_absent() -> None:
    pattern = {"list.of": {"x": [1], "y": [1], "z": [{"exists": False}]}}
    event = {"list.of": [{"x": 1, "y": 1}], "list": {"of": [{"y": 1}, {"z": 1}]}}
    assert naive.matches(pattern, event)
    assert compile_pattern(pattern).matches(event)
