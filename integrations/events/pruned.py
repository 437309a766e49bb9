"""What a prune did, or would do: one line for each table and action."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql

COUNTED_UP_TO = 64 * 1024 * 1024  # bytes; of a larger table PostgreSQL's estimate is taken

EXTENT = """
select pg_total_relation_size(c.oid), c.reltuples::bigint from pg_class c where c.oid = to_regclass(%s)
"""


class Action(StrEnum):
    """What happens to a table or to some of its rows."""

    DROP = "drop"
    KEEP = "keep aside"
    DELETE = "delete"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Line:
    """One action on one table. `rows` are those that it concerns, `bytes` those that become free at once."""

    table: str
    action: Action
    rows: int | None
    bytes: int
    why: str
    estimated: bool = False

    def document(self) -> dict[str, Any]:
        """Return the line for programs."""
        return asdict(self) | {"action": str(self.action)}


@dataclass(slots=True)
class Report:
    """The lines of one run. `finished` is false when its time was over; `busy` when locks were not to be had."""

    finished: bool = False
    busy: bool = False
    _lines: dict[tuple[str, Action, str], Line] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        """Add a line, its rows to those of the same action on the same table."""
        if line.rows == 0 and line.action in (Action.KEEP, Action.DELETE):
            return
        key = (line.table, line.action, line.why)
        earlier = self._lines.get(key)
        total = replace(line, rows=(earlier.rows or 0) + (line.rows or 0)) if earlier else line
        self._lines[key] = total
        self.busy |= line.action is Action.LEAVE

    @property
    def lines(self) -> list[Line]:
        return list(self._lines.values())

    @property
    def changed(self) -> bool:
        """Whether anything went."""
        return any(line.action in (Action.DROP, Action.DELETE) for line in self._lines.values())

    def totals(self) -> dict[str, int]:
        """Return what went, in numbers."""
        dropped = [line for line in self.lines if line.action is Action.DROP]
        return {
            "tables_dropped": len(dropped),
            "bytes_freed": sum(line.bytes for line in dropped),
            "rows_deleted": _rows(self.lines, Action.DELETE),
            "rows_kept_aside": _rows(self.lines, Action.KEEP),
        }


def extent_of(connection: psycopg.Connection, table: str) -> tuple[int, int, bool]:
    """Return the rows and bytes of a table with its indexes, and whether the rows are estimated."""
    row = connection.execute(EXTENT, [table]).fetchone()
    if row is None:
        return 0, 0, False
    size, estimate = row
    if estimate >= 0 and size > COUNTED_UP_TO:
        return estimate, size, True
    ((rows,),) = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchall()
    return rows, size, False


def _rows(lines: Iterable[Line], action: Action) -> int:
    return sum(line.rows or 0 for line in lines if line.action is action)
