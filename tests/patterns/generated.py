"""Strategies for patterns and events small enough to meet often."""

from typing import Any

from hypothesis import strategies as st

KEYS = st.sampled_from(["a", "a", "b", "a.b", ""])
TEXTS = st.one_of(
    st.sampled_from(["", "a", "A", "ab", "aB", "ba", "ß", "SS", "10.0.0.1", "::1"]), st.text("aAb*", max_size=3)
)
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1.0, -1.5, 2.0000004, 2.000001, 5_000_000_000]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
EVENTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))
    ),
    max_size=3,
)


def _operator(name: str, operand: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda value: {name: value}, operand)


def _one_or_more(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=2))


def _range(bottom: Any, top: Any, opening: str, closing: str) -> list[Any]:
    return [opening, bottom, closing, bottom + 1 + abs(top)]


SMALL = st.integers(-3, 3)
NUMERIC = st.one_of(
    st.builds(lambda sign, bound: [sign, bound], st.sampled_from(["=", "<", "<=", ">", ">="]), SMALL),
    st.builds(_range, SMALL, SMALL, st.sampled_from([">", ">="]), st.sampled_from(["<", "<="])),
)
WILDCARDS = st.lists(st.sampled_from(["a", "b", "A", "\\*", "\\\\"]), max_size=3).flatmap(
    lambda runs: st.sampled_from(["*".join(runs), "".join(runs), "*" + "*".join(runs), "*".join([*runs, ""])])
)
IGNORING_CASE = _operator("equals-ignore-case", TEXTS)
NON_EMPTY = TEXTS.filter(bool)
NEGATABLE = st.one_of(
    _operator("prefix", NON_EMPTY), _operator("suffix", NON_EMPTY), IGNORING_CASE, _operator("wildcard", WILDCARDS)
)
EXPRESSIONS = st.one_of(
    NEGATABLE,
    _operator("prefix", st.one_of(TEXTS, IGNORING_CASE)),
    _operator("suffix", st.one_of(TEXTS, IGNORING_CASE)),
    _operator("exists", st.booleans()),
    _operator("numeric", NUMERIC),
    _operator("cidr", st.sampled_from(["10.0.0.0/24", "::/64", "11.0.0.0/8"])),
    _operator("anything-but", st.one_of(_one_or_more(TEXTS), _one_or_more(NUMBERS))),
    _operator(
        "anything-but",
        st.one_of(
            _operator("prefix", _one_or_more(NON_EMPTY)),
            _operator("suffix", _one_or_more(NON_EMPTY)),
            _operator("equals-ignore-case", _one_or_more(TEXTS)),
            _operator("wildcard", _one_or_more(WILDCARDS)),
        ),
    ),
)
ALTERNATIVES = st.lists(st.one_of(SCALARS, EXPRESSIONS), min_size=1, max_size=3)
PLAIN_PATTERNS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(ALTERNATIVES, lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3), max_leaves=4),
    min_size=1,
    max_size=3,
)


def _with_or(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    branches = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda before, either, after: {**before, "$or": either, **after}, inner, branches, inner),
        st.builds(lambda key, either: {key: {"$or": either}}, KEYS, branches),
    )


PATTERNS = st.one_of(PLAIN_PATTERNS, st.recursive(PLAIN_PATTERNS, _with_or, max_leaves=6))


@st.composite
def events_shaped_like(draw: st.DrawFn, pattern: dict[str, Any]) -> dict[str, Any]:
    """Events that have the pattern's fields, mostly with values the pattern mentions."""
    event: dict[str, Any] = {}
    for key, asked in pattern.items():
        if key == "$or":
            event.update(draw(events_shaped_like(draw(st.sampled_from(asked)))))
        elif isinstance(asked, dict):
            inner = draw(events_shaped_like(asked))
            event[key] = draw(st.sampled_from([inner, [inner], [{}, inner]]))
        else:
            literals = [each for each in asked if not isinstance(each, dict)]
            value = draw(st.one_of(SCALARS, st.sampled_from(literals)) if literals else SCALARS)
            event[key] = draw(st.sampled_from([value, [value, "a"]]))
    return event


PATTERNS_AND_EVENTS = PATTERNS.flatmap(
    lambda pattern: st.tuples(st.just(pattern), st.one_of(events_shaped_like(pattern), EVENTS))
)

# Few keys and few values, so that much of what is asked of an array of objects is there, if not in one element.
ONE_OR_TWO = st.sampled_from([1, 2])
ELEMENTS: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(st.sampled_from("xyz"), ONE_OR_TWO, max_size=3),
    lambda inner: st.one_of(
        st.lists(st.one_of(inner, ONE_OR_TWO), max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=6,
)
ASKED = st.sampled_from([[1], [2], [1, 2], [{"exists": True}], [{"exists": False}], [{"exists": False}, 1]])
ASKED_OF_ELEMENTS = st.dictionaries(
    st.sampled_from(["x", "y", "z", "x.y", "x.x", "y.x"]), ASKED, min_size=1, max_size=4
)

# Anything JSON can say, with a taste for what means something in a pattern.
WORDS = st.sampled_from(
    ["$or", "prefix", "suffix", "anything-but", "equals-ignore-case", "wildcard", "numeric", "cidr"]
)
JSON_KEYS = st.one_of(WORDS, st.just("exists"), st.just("a"), st.text(max_size=4))
JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.sampled_from(["=", "<", ">=", "10.0.0.0/8", "a**", "\\", "\ud800", "::/", "1.2.3.4/"]),
)
JSON = st.recursive(
    JSON_SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(JSON_KEYS, inner, max_size=4))
)
JSON_OBJECTS = st.dictionaries(JSON_KEYS, JSON, max_size=4)
