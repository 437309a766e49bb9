"""moto's matcher as a second opinion, where it follows AWS.

Left out, because moto differs from AWS there: arrays of objects, empty arrays and objects, booleans beside numbers,
dotted keys, characters whose cases differ in length, and a field both inside and outside `$or`.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.patterns import compile_pattern
from tests.patterns.generated import NUMERIC

moto = pytest.importorskip("moto.events.models")

TEXTS = st.one_of(st.text("abAB", max_size=3), st.sampled_from(["10.0.0.7", "10.0.1.7"]))
NUMBERS = st.one_of(st.integers(-4, 4), st.sampled_from([0.5, -1.25]))
SCALARS = st.one_of(st.none(), TEXTS, NUMBERS)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, min_size=1, max_size=3))
EVENTS = st.fixed_dictionaries(
    {}, optional={"a": VALUES, "b": VALUES, "d": st.fixed_dictionaries({"x": VALUES}, optional={"y": VALUES})}
)


def _one_of(name: str, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: operands})


def _listed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=3))


WORDS = st.text("abAB", min_size=1, max_size=2)
WILDCARDS = st.sampled_from(["*", "a*", "*b", "a*b", "*a*", "ab", ""])
CASE = _one_of("equals-ignore-case", WORDS)
ALTERNATIVES = st.lists(
    st.one_of(
        SCALARS,
        _one_of("prefix", st.one_of(WORDS, CASE)),
        _one_of("suffix", st.one_of(WORDS, CASE)),
        CASE,
        _one_of("wildcard", WILDCARDS),
        _one_of("numeric", NUMERIC),
        _one_of("cidr", st.just("10.0.0.0/24")),
        _one_of("exists", st.booleans()),
        _one_of("anything-but", st.one_of(_listed(TEXTS), _listed(NUMBERS))),
        _one_of("anything-but", _one_of("prefix", _listed(WORDS))),
        _one_of("anything-but", _one_of("suffix", _listed(WORDS))),
        _one_of("anything-but", _one_of("equals-ignore-case", _listed(WORDS))),
        _one_of("anything-but", _one_of("wildcard", _listed(WILDCARDS))),
    ),
    min_size=1,
    max_size=3,
)
BRANCH = st.one_of(
    st.fixed_dictionaries({"b": ALTERNATIVES}),
    st.fixed_dictionaries({"d": st.fixed_dictionaries({"x": ALTERNATIVES}, optional={"y": ALTERNATIVES})}),
)
PATTERNS = st.one_of(
    st.fixed_dictionaries({"a": ALTERNATIVES}, optional={"b": ALTERNATIVES}),
    st.fixed_dictionaries({"a": ALTERNATIVES, "$or": st.lists(BRANCH, min_size=2, max_size=3)}),
    BRANCH,
)


@settings(max_examples=500)
@given(PATTERNS, EVENTS)
def test_moto_agrees(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    text = json.dumps(pattern)
    assert compile_pattern(text).matches(event) is moto.EventPattern.load(text).matches_event(event)
