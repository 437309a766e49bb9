"""What is refused, and in which words."""

import json
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.patterns import InvalidEventPattern, compile_pattern
from tests.patterns.refusals import REFUSALS

NESTED: dict[str, Any] = {"a": 1}
for _ in range(254):
    NESTED = {"a": NESTED, "b": 1}


def refusal_of(source: Any, **options: Any) -> str:
    with pytest.raises(InvalidEventPattern) as refusal:
        compile_pattern(source, **options)
    assert str(refusal.value) == refusal.value.message == f"Event pattern is not valid. Reason: {refusal.value.reason}"
    return refusal.value.reason


@pytest.mark.parametrize(("text", "reason"), REFUSALS, ids=[json.dumps(text) for text, _ in REFUSALS])
def test_a_pattern_is_refused_with_the_reason_aws_gives(text: str, reason: str) -> None:
    assert refusal_of(text) == reason


def test_the_message_is_the_sentence_of_aws() -> None:
    with pytest.raises(InvalidEventPattern) as refusal:
        compile_pattern('{"source": "aws.ec2"}')
    assert refusal.value.message == 'Event pattern is not valid. Reason: "source" must be an object or an array'


def test_a_refusal_survives_pickling() -> None:
    refusal = InvalidEventPattern("Empty arrays are not allowed")
    assert pickle.loads(pickle.dumps(refusal)).message == refusal.message  # noqa: S301


def test_a_pattern_of_2048_characters_is_the_longest() -> None:
    frame = len('{"a":[""]}')
    longest = {"a": ["ü" * (2_048 - frame)]}
    assert compile_pattern(longest).matches({"a": longest["a"][0]})
    assert refusal_of({"a": ["ü" * (2_049 - frame)]}) == "Event pattern is longer than 2048 characters"
    assert refusal_of(" " * 2_048 + "{}") == "Event pattern is longer than 2048 characters"
    assert compile_pattern({"a": ["ü" * 3_000]}, max_length=4_096).matches({"a": "ü" * 3_000})
    assert refusal_of('{"a": [1]}', max_length=5) == "Event pattern is longer than 5 characters"


def test_a_thousand_combinations_are_the_most() -> None:
    tens = [{"$or": [{f"{name}{number}": [1]} for number in range(10)]} for name in "abc"]
    thousand = {"x": tens[0], "y": tens[1], "z": tens[2]}
    assert compile_pattern(thousand, max_length=4_096).matches({"x": {"a9": 1}, "y": {"b0": 1}, "z": {"c5": 1}})
    tens[2]["$or"].append({"c10": [1]})
    too_complex = "Rule is too complex - $or makes more than 1000 rule combinations"
    assert refusal_of(thousand, max_length=4_096) == too_complex
    assert refusal_of({"$or": [{"a": [1]}] * 1_001}, max_length=100_000) == too_complex


def test_combinations_that_explode_are_refused_before_they_do() -> None:
    pattern = {f"k{level}": {"$or": [{"a": [1]}, {"b": [1]}]} for level in range(45)}
    assert refusal_of(pattern).startswith("Rule is too complex")


@pytest.mark.parametrize("levels", [300, 5_000, 100_000])
def test_a_pattern_nested_too_deeply_is_refused(levels: int) -> None:
    text = '{"a":' * levels + "[1]" + "}" * levels
    assert refusal_of(text, max_length=1_000_000) == "Event pattern is nested too deeply"


def test_a_list_nested_too_deeply_is_refused() -> None:
    assert refusal_of("[" * 100_000, max_length=1_000_000) == "Event pattern is nested too deeply"


def test_branches_nested_too_deeply_are_refused() -> None:
    levels = 2_000
    text = '{"$or":[{"b":[1]},' * levels + '{"a":[1]}' + "]}" * levels
    assert refusal_of(text, max_length=1_000_000) == "Event pattern is nested too deeply"


@pytest.fixture(params=[600, 20_000])
def _recursion_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(request.param)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("_recursion_limit")
def test_256_levels_are_the_most_whatever_the_recursion_limit_is() -> None:
    def nested(opening: str, closing: str, levels: int, inside: str) -> str:
        return opening * levels + inside + closing * levels

    for deepest, too_deep in [
        (nested('{"a":', "}", 255, "[1]"), nested('{"a":', "}", 256, "[1]")),
        (nested('{"$or":[{"b":[1]},', "]}", 127, '{"a":[1]}'), nested('{"$or":[{"b":[1]},', "]}", 128, '{"a":[1]}')),
    ]:
        for form in (str, str.encode, json.loads):
            assert compile_pattern(form(deepest), max_length=10_000).matches(NESTED)
            assert refusal_of(form(too_deep), max_length=10_000) == "Event pattern is nested too deeply"
    assert refusal_of(nested("[", "]", 256, "")) == "Filter is not an object"
    assert refusal_of(nested("[", "]", 257, "")) == "Event pattern is nested too deeply"


def test_brackets_inside_of_strings_are_no_levels() -> None:
    text = json.dumps({"a": ['[{"' * 200 + "\\"], "b": ["[" * 300]})
    assert compile_pattern(text).matches(json.loads(text))


def test_a_mapping_whose_parts_are_shared_is_walked_once() -> None:
    doubled: Any = {"a": [1]}
    for _ in range(300):
        doubled = {"a": doubled, "b": doubled}
    assert refusal_of(doubled) == "Event pattern is nested too deeply"


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    assert refusal_of(b'{"a": ["\xff"]}').startswith("Invalid JSON: 'utf-8' codec can't decode byte 0xff")


def test_an_endless_number_is_refused() -> None:
    assert refusal_of(f'{{"a": [{"9" * 10_000}]}}', max_length=20_000).startswith("Invalid JSON")


def test_a_mapping_that_no_json_text_can_express_is_refused() -> None:
    circular: dict[str, Any] = {}
    circular["a"] = circular
    assert refusal_of(circular) == "Event pattern is nested too deeply"
    assert refusal_of({"a": [object()]}) == "Invalid JSON: a pattern cannot hold a object"
    assert refusal_of({"a": [float("nan")]}) == "Invalid JSON: NaN is not a JSON number"
    assert refusal_of({("a", "b"): [1]}).startswith("Invalid JSON: keys must be str")


@pytest.mark.parametrize("source", [["a"], 5, None, True])
def test_what_is_no_object_is_refused(source: Any) -> None:
    assert refusal_of(source) == "Filter is not an object"
