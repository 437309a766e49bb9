"""Events come out of a file exactly as they stand in it, or the line is named."""

from pathlib import Path

import pytest

from tests.smoke.reading import UnusableEvents, more_like, read_events, spread

GOOD = b'{"tenant":"t","type":"a.b","id":"1","detail":{"n":123456789012345678901234567890, "d":1.10}}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.ndjson"


def refusal(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    with pytest.raises(UnusableEvents) as refused:
        read_events(file)
    return str(refused.value)


def test_the_detail_is_posted_byte_for_byte(file: Path) -> None:
    file.write_bytes(GOOD)
    (event,) = read_events(file)
    assert event.detail == b'{"n":123456789012345678901234567890, "d":1.10}'
    assert event.detail in event.body


def test_what_is_posted_reads_as_the_same_event(file: Path, tmp_path: Path) -> None:
    line = '{"detail":{"ü":"\\u0000"},"tenant":"ä\\"b","resources":["r"],"id":"1","time":"2026-01-01T00:00Z","type":""}'
    file.write_text(line)
    again = tmp_path / "again.ndjson"
    again.write_bytes(read_events(file)[0].body)
    assert read_events(again) == read_events(file)


def test_blank_lines_and_carriage_returns_do_not_count(file: Path) -> None:
    file.write_bytes(b"\n" + GOOD + b"\r\n\n")
    assert len(read_events(file)) == 1


def test_a_line_separator_inside_a_text_is_not_the_end_of_a_line(file: Path) -> None:
    file.write_text(GOOD.decode().replace("a.b", "a\u2028\u0085b"))
    assert read_events(file)[0].type == "a\u2028\u0085b"


def test_a_repeated_line_is_one_event(file: Path) -> None:
    file.write_bytes(GOOD + b"\n" + GOOD)
    assert len(read_events(file)) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'{"tenant":"t","type":"a","detail":{}}',
        b'{"tenant":"t","type":"a","id":"2","detail":[]}',
        b'{"tenant":"t","type":"a","id":"2","detail":{"a":NaN}}',
        b'{"tenant":"t","type":"a","id":"2","detail":{},"extra":1}',
        b'{"tenant":"t","type":"a","id":"2","detail":{"a":"\xff"}}',
        b'{"tenant":"t","type":"a","id":2,"detail":{}}',
        b'{"tenant":"t","type":"other","id":"1","detail":{}}',
    ],
)
def test_a_bad_line_is_named(file: Path, line: bytes) -> None:
    assert f"{file}, line 2: " in refusal(file, GOOD + b"\n" + line + b"\n" + GOOD)


def test_a_file_without_events_and_a_missing_one_are_refused(file: Path) -> None:
    assert "no events" in refusal(file, b"\n")
    with pytest.raises(UnusableEvents, match="cannot be read"):
        read_events(file / "missing")


def test_events_are_spread_evenly_over_the_asked_number_of_tenants(file: Path) -> None:
    file.write_bytes(b"\n".join(GOOD.replace(b'"1"', b'"%d"' % n) for n in range(25)))
    tenants = [event.tenant for event in spread(read_events(file), 10)]
    assert tenants[:2] == ["tenant-01", "tenant-02"]
    assert {tenants.count(tenant) for tenant in tenants} == {2, 3}
    assert len(set(tenants)) == 10


def test_more_events_are_like_the_given_ones_but_for_their_ids(file: Path) -> None:
    file.write_bytes(b"\n".join(b'{"tenant":"a","type":"t","id":"%d","detail":{"n":%d}}' % (n, n) for n in range(3)))
    events = read_events(file)
    more = more_like(events, len(events) + 1, "later")
    assert [event.detail for event in more] == [event.detail for event in [*events, events[0]]]
    assert len({event.id for event in [*events, *more]}) == 2 * len(events) + 1
