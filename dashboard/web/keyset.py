"""Pages by keyset: a cursor names the last row that was seen, so page 1,000 costs as much as page 1."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
CHUNK = 1_000


class CursorInvalid(ValueError):
    """A cursor that was not made by `keyset_page` for this order."""


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Row]):
    """Rows in their order, and the cursor behind which more of them are; empty when there are none."""

    rows: list[Row]
    older: str


def keyset_page(rows: QuerySet[Row], order: Sequence[str], cursor: str, size: int) -> Stretch[Row]:
    """Return up to `size` rows behind the cursor, from the first on for an empty one.

    `order` names fields that are never null, the last one unique. Raises CursorInvalid.
    """
    behind = rows.filter(_behind(order, _read(cursor, len(order)))) if cursor else rows
    found = list(behind.order_by(*order)[: size + 1])
    shown = found[:size]
    return Stretch(shown, _write(shown[-1], order) if len(found) > size else "")


def every(rows: QuerySet[Row], order: Sequence[str]) -> Iterator[Row]:
    """Yield all rows in their order, a bounded statement at a time: one long one would hold an old snapshot."""
    cursor = ""
    while True:
        stretch = keyset_page(rows, order, cursor, CHUNK)
        yield from stretch.rows
        cursor = stretch.older
        if not cursor:
            return


def _behind(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the condition for rows behind these values, with a bound on the first field that an index can use."""
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field, beyond = _field(name)
        condition |= equal & Q(**{f"{field}__{beyond}": value})
        equal &= Q(**{field: value})
    first, beyond = _field(order[0])
    return Q(**{f"{first}__{beyond}e": values[0]}) & condition


def _field(name: str) -> tuple[str, str]:
    return (name[1:], "lt") if name[0] == "-" else (name, "gt")


def _write(row: Model, order: Sequence[str]) -> str:
    values = [_plain(_value(row, _field(name)[0])) for name in order]
    return urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _value(row: Any, field: str) -> Any:
    for name in field.split("__"):
        row = getattr(row, name)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, UUID):
        return {"id": str(value)}
    if isinstance(value, int | str):
        return value
    raise TypeError(f"A list cannot be paged by {value!r}.")


def _read(cursor: str, number: int) -> list[Any]:
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        read = [_rich(value) for value in values]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CursorInvalid(cursor) from error
    if len(read) != number:
        raise CursorInvalid(cursor)
    return read


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"]) if "at" in value else UUID(value["id"])
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("PostgreSQL's text has no such character.")
    if isinstance(value, int | str):
        return value
    raise TypeError(value)
