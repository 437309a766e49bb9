import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.web.csv_export import csv_of


def written(*values: Any) -> list[list[str]]:
    answer = csv_of("things", {"first": lambda row: row[0]}, [(value,) for value in values])
    return list(csv.reader(io.StringIO(b"".join(answer).decode(), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_no_text_is_a_formula(text: str) -> None:
    assert written(text)[1] == [f"'{text}"]


def test_numbers_moments_and_nothing_are_written_for_programs() -> None:
    moment = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
    assert written(-5, moment, None, 'say "a", b', {"a": 1}) == [
        ["first"],
        ["-5"],
        ["2026-11-23T14:05:00Z"],
        [""],
        ['say "a", b'],
        ["{'a': 1}"],
    ]


def test_rows_are_read_while_they_are_sent() -> None:
    read: list[int] = []

    def rows() -> Iterator[int]:
        for number in range(3):
            read.append(number)
            yield number

    answer = csv_of("things", {"n": lambda row: row}, rows())
    assert read == []
    stream = iter(answer)
    assert [next(stream), next(stream)] == [b"n\r\n", b"0\r\n"]
    assert read == [0]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="things.csv"'
