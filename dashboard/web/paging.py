"""One page of a list, ready for `<c-list>`: its rows, where the others are, and about how many there are in all."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from dashboard.web.filters import CURSOR, Asked
from dashboard.web.keyset import CursorInvalid, keyset_page

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """What a list shows. Addresses are empty where there is nothing to go to."""

    rows: Sequence[Item]
    count_text: str
    newest_url: str
    older_url: str

    @property
    def number(self) -> int:
        """How many rows are on this page."""
        return len(self.rows)


def page_of(asked: Asked, rows: QuerySet[Row], *, noun: tuple[str, str], size: int = SIZE) -> Page[Row]:
    """Return the page that was asked for; a cursor that is none leads to the first page.

    `noun` names one and several of the rows. Two queries at most; none of them counts a table.
    """
    cursor = asked.cursor
    try:
        stretch = keyset_page(rows, asked.sort.fields, cursor, size)
    except CursorInvalid:
        cursor = ""
        stretch = keyset_page(rows, asked.sort.fields, cursor, size)
    whole = not cursor and not stretch.older
    count = counted(len(stretch.rows), noun) if whole else about(estimate_of(rows), noun)
    return stretched(asked, stretch.rows, older=stretch.older, count_text=count)


def stretched(asked: Asked, rows: Iterable[Item], *, older: str, count_text: str = "") -> Page[Item]:
    """Return a page of rows that something else has found, with its own cursor to the `older` ones."""
    return Page(
        rows=list(rows),
        count_text=count_text,
        newest_url=asked.url() if asked.cursor else "",
        older_url=asked.url(**{CURSOR: older}) if older else "",
    )


def counted(number: int, noun: tuple[str, str]) -> str:
    """Write an exact number of rows."""
    return f"{number:,} {noun[number != 1]}"


def about(number: int, noun: tuple[str, str]) -> str:
    """Write an estimate, with two digits that mean something."""
    rough = round(number, 2 - len(str(number)))
    return f"about {rough:,} {noun[1]}"


def estimate_of(rows: QuerySet[Any]) -> int:
    """Return how many rows PostgreSQL's planner expects: from its statistics, without looking at one of them."""
    plan = json.loads(rows.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])
