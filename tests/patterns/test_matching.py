"""What a pattern matches, case by case, and under hostile events."""

import json
import random
from collections import ChainMap, OrderedDict
from types import MappingProxyType
from typing import Any

import pytest

from integrations.patterns import compile_pattern
from tests.benchmarks import pattern_matches
from tests.patterns.cases import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=[case.says.encode("unicode_escape").decode() for case in CASES])
def test_a_pattern_matches_exactly_the_events_of_the_case(case: Case) -> None:
    assert compile_pattern(case.pattern).matches(case.event) is case.matches


@pytest.mark.parametrize("wrap", [json.dumps, lambda pattern: json.dumps(pattern).encode(), MappingProxyType])
def test_text_bytes_and_mappings_are_the_same_pattern(wrap: Any) -> None:
    pattern = compile_pattern(wrap({"detail": {"名": ["é"]}}))
    assert pattern.matches({"detail": {"名": "é"}})
    assert not pattern.matches({"detail": {"名": "e"}})


def test_an_event_may_be_any_mapping() -> None:
    pattern = compile_pattern({"a": ["x"]})
    assert pattern.matches(OrderedDict(a="x"))
    assert pattern.matches(ChainMap({"a": "x"}, {"a": "y"}))


def test_a_pattern_keeps_nothing_of_the_mapping_it_came_from() -> None:
    source = {"a": ["x"]}
    pattern = compile_pattern(source)
    source["a"][0] = "y"
    assert pattern.matches({"a": "x"})


def test_matching_leaves_the_event_as_it_was() -> None:
    event = {"a": [{"b": [1, {"c": 2}]}], "d": {"e": None}}
    before = json.dumps(event)
    compile_pattern({"a": {"b": {"c": [2]}}, "d": {"e": [None]}}).matches(event)
    assert json.dumps(event) == before


def test_an_event_nested_a_hundred_thousand_levels_deep_does_not_exhaust_the_stack() -> None:
    event: dict[str, Any] = {"arrays": "x", "objects": "x", "both": "x"}
    for _ in range(100_000):
        event = {"arrays": [event["arrays"]], "objects": {"a": event["objects"]}, "both": [{"a": event["both"]}]}
    assert compile_pattern({"arrays": ["x"]}).matches(event)
    assert not compile_pattern({"arrays": {"a": ["x"]}}).matches(event)
    assert compile_pattern({"objects": {"a": {"a": [{"exists": False}]}}}).matches(event)
    assert not compile_pattern({"both": {"a": ["x"]}, "both.a.a": ["x"]}).matches(event)


def test_a_long_array_of_objects_is_matched_in_linear_time() -> None:
    pattern = compile_pattern({"d": {name: [{"exists": True}] for name in "abcdef"} | {"g": [{"exists": False}]}})
    element = dict.fromkeys("abcdef", 1)
    mixed = [{name: 1} for name in "abcdef"] * 2_000
    assert pattern.matches({"d": [element | {"g": 1}] * 2_000 + [element]})
    assert not pattern.matches({"d": mixed + [element | {"g": 1}] * 2_000})


def test_independent_arrays_do_not_multiply() -> None:
    names = [f"array{number}" for number in range(12)]
    pattern = compile_pattern({name: {"a": [1], "b": [1]} for name in names})
    event: dict[str, Any] = {name: [{"a": 1, "b": 1}] * 200 for name in names}
    assert pattern.matches(event)
    event[names[-1]] = [{"a": 1}, {"b": 1}] * 200
    assert not pattern.matches(event)


def test_a_wildcard_that_just_misses_does_not_backtrack() -> None:
    pattern = compile_pattern({"a": [{"wildcard": "*" + "a*" * 200 + "b"}]})
    assert not pattern.matches({"a": "a" * 200_000})


def test_a_case_insensitive_suffix_reads_only_the_end_of_a_long_value() -> None:
    pattern = compile_pattern({"a": [{"suffix": {"equals-ignore-case": "a" * 1_000 + "b"}}]})
    assert not pattern.matches({"a": "A" * 250_000})
    assert pattern.matches({"a": "A" * 250_000 + "B"})


def test_a_shared_list_object_is_two_arrays_when_it_stands_at_two_places() -> None:
    shared = [{"x": 1}, {"x": 2}]
    assert compile_pattern({"a": {"x": [1]}, "b": {"x": [2]}}).matches({"a": shared, "b": shared})


def test_the_order_of_keys_in_pattern_and_event_does_not_matter() -> None:
    shuffle = random.Random(7).shuffle
    fields: list[tuple[str, Any]] = [("a", {"x": [1]}), ("b", {"x": [2]}), ("c", [{"exists": False}]), ("d", ["y"])]
    values: list[tuple[str, Any]] = [("a", [{"x": 1}]), ("b", {"x": 2}), ("d", ["y"]), ("e", 5)]
    for _ in range(50):
        shuffle(fields)
        shuffle(values)
        assert compile_pattern(dict(fields)).matches(dict(values))


def test_the_benchmark_measures_a_pattern_that_matches() -> None:
    assert compile_pattern(pattern_matches.PATTERN).matches(pattern_matches.EVENT)
    assert 1_000 <= len(json.dumps(pattern_matches.EVENT)) <= 3_000


def test_half_of_the_promised_fifty_thousand_matches_a_second_is_reached_even_on_a_busy_machine() -> None:
    assert max(pattern_matches.measure(seconds=0.1) for _ in range(5)) > 25_000
