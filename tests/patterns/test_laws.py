"""Laws every pattern keeps, tried on generated patterns and events."""

import contextlib
import json
import re
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.patterns import EventPattern, InvalidEventPattern, compile_pattern
from tests.patterns import generated, naive
from tests.patterns.cases import CASES

MAX_LENGTH = 100_000


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return compile_pattern(pattern, max_length=MAX_LENGTH).matches(event)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(inner) for key, inner in reversed(value.items())}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


def test_the_naive_model_agrees_with_the_table_where_it_can_read_it() -> None:
    for case in CASES:
        beyond = "10000000000" in json.dumps(case.event) or "1e+" in json.dumps(case.event)
        operator = isinstance(case.pattern, dict) and "as a field" not in case.says and "is a field" not in case.says
        if operator and not beyond and not re.search(r"12345678901|000000001|010\.001|%eth", repr(case)):
            assert naive.matches(case.pattern, case.event) is case.matches, case.says


@settings(max_examples=400)
@given(generated.PATTERNS_AND_EVENTS)
def test_a_pattern_matches_what_the_naive_model_matches(example: tuple[dict[str, Any], dict[str, Any]]) -> None:
    pattern, event = example
    assert matches(pattern, event) is naive.matches(pattern, event)


@settings(max_examples=1_000)
@given(generated.ASKED_OF_ELEMENTS, st.lists(generated.ELEMENTS, min_size=1, max_size=3))
def test_arrays_of_objects_are_matched_as_in_the_naive_model(pattern: dict[str, Any], elements: list[Any]) -> None:
    assert matches({"list": pattern}, {"list": elements}) is naive.matches({"list": pattern}, {"list": elements})


@settings(max_examples=150)
@given(generated.PLAIN_PATTERNS, generated.EVENTS)
def test_the_order_of_keys_does_not_matter(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assume("a.b" not in json.dumps(pattern))  # a.b twice in one pattern: the last one wins
    assert matches(pattern, event) is matches(reordered(pattern), reordered(event))


@settings(max_examples=100)
@given(generated.ALTERNATIVES, generated.ALTERNATIVES, generated.EVENTS)
def test_alternatives_are_an_or(one: list[Any], other: list[Any], event: dict[str, Any]) -> None:
    assert matches({"a": one + other}, event) is (matches({"a": one}, event) or matches({"a": other}, event))


@settings(max_examples=100)
@given(generated.PLAIN_PATTERNS, generated.PLAIN_PATTERNS, generated.EVENTS)
def test_branches_are_an_or(one: dict[str, Any], other: dict[str, Any], event: dict[str, Any]) -> None:
    assert matches({"$or": [one, other]}, event) is (matches(one, event) or matches(other, event))


@settings(max_examples=100)
@given(generated.PATTERNS, generated.PATTERNS, generated.EVENTS, generated.EVENTS)
def test_fields_are_an_and(
    one: dict[str, Any], other: dict[str, Any], event: dict[str, Any], other_event: dict[str, Any]
) -> None:
    both = matches({"x": one, "y": other}, {"x": event, "y": other_event})
    assert both is (matches({"x": one}, {"x": event}) and matches({"y": other}, {"y": other_event}))


@settings(max_examples=150)
@given(st.one_of(st.text("aAb", max_size=3), generated.NUMBERS, generated.NEGATABLE), generated.SCALARS)
def test_anything_but_is_the_negation_for_a_value_that_is_present(operand: Any, value: Any) -> None:
    assert matches({"a": [{"anything-but": operand}]}, {"a": value}) is not matches({"a": [operand]}, {"a": value})
    assert not matches({"a": [{"anything-but": operand}]}, {})


@settings(max_examples=300)
@given(generated.WILDCARDS, st.text("abA*\\\n", max_size=8))
def test_a_wildcard_is_a_regular_expression_in_disguise(pattern: str, text: str) -> None:
    expected = re.fullmatch(naive.wildcard_as_regex(pattern), text, re.DOTALL) is not None
    assert matches({"a": [{"wildcard": pattern}]}, {"a": text}) is expected


@settings(max_examples=300)
@given(generated.JSON)
def test_compiling_arbitrary_json_succeeds_or_raises_invalid_event_pattern(value: Any) -> None:
    with contextlib.suppress(InvalidEventPattern):
        assert isinstance(compile_pattern(json.dumps(value), max_length=MAX_LENGTH), EventPattern)


@settings(max_examples=150)
@given(st.one_of(st.text(), st.binary(), st.text('{}[]":,a1$or ', max_size=30)))
def test_compiling_arbitrary_text_succeeds_or_raises_invalid_event_pattern(source: str | bytes) -> None:
    with contextlib.suppress(InvalidEventPattern):
        assert isinstance(compile_pattern(source), EventPattern)


@settings(max_examples=150)
@given(generated.PATTERNS, generated.JSON_OBJECTS)
def test_matching_arbitrary_json_never_raises(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assert matches(pattern, event) in (True, False)
    assert matches(pattern, {"a": event, "b": [event, [event]]}) in (True, False)
