"""Taking a body apart: an event that is broken in itself never takes its neighbours along."""

import contextlib
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.events.parsing import parse_event
from integrations.events.rejections import Rejection
from integrations.events.splitting import split_array, split_json, split_lines
from integrations.problems import Problem

GOOD = json.dumps({"tenant": "alder", "type": 't",]}{[', "detail": {"events": [1, {"a": '"]},\\'}]}}).encode()
# Broken, but with balanced brackets and quotes.
BROKEN = [
    b'{"tenant":NaN}',
    b"nonsense",
    b'{"a" 1}',
    b'{"a":"\xff"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\x00"}',
    b"[[[]]]",
    b'{"a":01}',
    b'{"d":' + b"[" * 4_000 + b"]" * 4_000 + b"}",
]


@given(st.lists(st.sampled_from([GOOD, *BROKEN]), min_size=1, max_size=20))
def test_every_item_of_a_batch_comes_out_as_it_went_in(items: list[bytes]) -> None:
    body = b' {"events" : [ ' + b" , ".join(items) + b' ] , "more": {"events": [1]} } '
    assert [item.strip() for item in split_json(body)] == items


@given(st.lists(st.sampled_from([GOOD, *BROKEN]), max_size=20))
def test_every_line_comes_out_as_it_went_in(items: list[bytes]) -> None:
    assert split_lines(b"\r\n\n".join(items) + b"\n") == [
        item + b"\r" if index < len(items) - 1 else item for index, item in enumerate(items)
    ]


def test_a_line_that_ends_in_carriage_return_is_an_event() -> None:
    assert parse_event(GOOD + b"\r").tenant == "alder"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_arbitrary_bytes_are_never_more_than_refused(raw: bytes) -> None:
    with contextlib.suppress(Rejection):
        parse_event(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.booleans())
def test_any_json_object_is_a_detail_and_stays_as_it_is(detail: dict[str, object], ascii_only: bool) -> None:
    text = json.dumps(detail, ensure_ascii=ascii_only)
    raw = (
        json.dumps({"tenant": "alder", "type": "t"}).encode()[:-1] + b',"detail":' + text.encode(errors="surrogatepass")
    )
    assert parse_event(raw + b"}").detail == text.encode()


def test_a_deep_event_with_half_a_surrogate_pair_is_refused_and_nothing_worse() -> None:
    for depth in (500, 990, 2_000, 2_800):
        raw = b'{"tenant":"alder","type":"t","detail":' + b'{"a":' * depth + b'"\\ud800"' + b"}" * depth + b"}"
        with pytest.raises(Rejection):
            parse_event(raw)


@pytest.mark.parametrize("split", [split_json, split_array])
def test_a_string_that_never_ends_costs_no_more_than_its_length(split: Callable[[bytes], list[bytes]]) -> None:
    body = b'{"events":[{"a":"' + b'\\"' * 2_000_000
    started = time.perf_counter()
    with pytest.raises(Problem):
        split(body)
    assert time.perf_counter() - started < 5
