import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.aws.limits import (
    DetailTooDeep,
    EntriesTooLarge,
    InvalidDetailType,
    UnreadableEntry,
    WrongEntryCount,
    check_detail_type,
    check_entries,
    check_nesting,
    entry_size,
    nesting,
    wire_size,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def wire(detail: str, source: str = "aws.partner/example.com/x/y", time: int | None = None) -> bytes:
    entry = {"Source": source, "Resources": ["urn:x:1"], "DetailType": "t", "Detail": detail}
    return json.dumps(entry | ({} if time is None else {"Time": time})).encode()


def test_size_counts_values_in_utf8_and_fourteen_bytes_for_a_time_but_no_keys() -> None:
    assert entry_size("abc", "de", '{"f":1}') == 3 + 2 + 7
    assert entry_size("abc", "de", '{"f":1}', has_time=True) == 3 + 2 + 7 + 14
    assert entry_size("a", "ä", '"€"', resources=["x", "ü"]) == 1 + 2 + 5 + 1 + 2


@given(st.text(max_size=50), st.text(max_size=50), JSON, st.lists(st.text(max_size=9), max_size=3), st.booleans())
def test_the_wire_entry_is_never_shorter_than_its_size(
    source: str, kind: str, detail: object, resources: list[str], has_time: bool
) -> None:
    text = json.dumps(detail)
    fields = {"Source": source, "Resources": resources, "DetailType": kind, "Detail": text}
    entry = json.dumps(fields | ({"Time": 1_700_000_000} if has_time else {}), ensure_ascii=False).encode()
    assert wire_size(entry) == entry_size(source, kind, text, resources, has_time) <= len(entry)


def test_a_request_may_be_full_to_the_last_byte_and_not_one_more() -> None:
    room = 1_000 - wire_size(wire(""))
    check_entries([wire("x" * room)], max_request_bytes=1_000)
    with pytest.raises(EntriesTooLarge, match="1001 bytes"):
        check_entries([wire("x" * (room + 1))], max_request_bytes=1_000)


def test_the_limit_is_on_the_sum_of_the_entries() -> None:
    entry = wire("x" * 200)
    check_entries([entry], max_request_bytes=300)
    with pytest.raises(EntriesTooLarge):
        check_entries([entry] * 2, max_request_bytes=300)


@pytest.mark.parametrize("count", [0, 21])
def test_a_request_of_no_or_21_entries_is_refused(count: int) -> None:
    with pytest.raises(WrongEntryCount, match=f"this one has {count}"):
        check_entries([wire("{}")] * count)


def test_twenty_entries_are_not_too_many() -> None:
    check_entries([wire("{}")] * 20)


@pytest.mark.parametrize("entry", [b"[" * 400, b'"text"', b"[1]", b"\xff", b'{"Source":1}', b'{"Resources":[1]}'])
def test_bytes_that_are_no_entry_are_refused_when_they_must_be_measured(entry: bytes) -> None:
    with pytest.raises(UnreadableEntry):
        check_entries([entry], max_request_bytes=0)


def test_a_detail_type_has_1_to_128_characters() -> None:
    check_detail_type("ü" * 128)
    for text in ("", "a" * 129):
        with pytest.raises(InvalidDetailType):
            check_detail_type(text)


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("1", 0),
        ("{}", 1),
        ('{"a":[{}]}', 3),
        ("[[],[]]", 2),
        (r'{"a":"[[[\"[["}', 1),
        (r'["\\",[]]', 2),
        ('["\n["]', 1),
    ],
)
def test_nesting_counts_objects_and_lists_but_no_brackets_inside_strings(text: str, depth: int) -> None:
    assert nesting(text) == nesting(text.encode()) == depth


def test_a_thousand_levels_pass_and_one_more_does_not() -> None:
    check_nesting("[" * 1_000 + "]" * 1_000)
    check_nesting("[" + "[]," * 2_000 + "1]")
    with pytest.raises(DetailTooDeep):
        check_nesting("[" * 1_001 + "]" * 1_001)
