"""A list as a file for spreadsheets: sent while it is read, and with nothing in it that a spreadsheet would run."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.http import StreamingHttpResponse

Row = TypeVar("Row")
# Excel, LibreOffice and Google Sheets take text that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Echo:
    """A file that gives back what is written into it."""

    def write(self, line: str) -> str:
        return line


def csv_of(name: str, columns: Mapping[str, Callable[[Row], Any]], rows: Iterable[Row]) -> StreamingHttpResponse:
    """Answer with `<name>.csv`: a heading for each of `columns`, and what their functions return for each row.

    Moments are written in UTC, as programs read them; None is empty. `rows` is read while it is sent: see `every`.
    """
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _lines(columns: Mapping[str, Callable[[Row], Any]], rows: Iterable[Row]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(value(row)) for value in columns.values()])


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, int | float):
        return value
    written = str(value)
    return f"'{written}" if written.startswith(FORMULA) else written
