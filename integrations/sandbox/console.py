"""The console page at /_sandbox/: the state as plain tables."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

TABLES = {
    "Sources": ("sources", ("name", "region", "publisher", "account", "standing", "created_at", "expires_at")),
    "Event buses": ("buses", ("name", "region", "account", "created_at")),
    "Rules": ("rules", ("name", "bus", "region", "account", "state", "pattern")),
    "Queues": ("queues", ("name", "region", "account", "visible", "in_flight", "delayed")),
}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>AWS sandbox</title></head>
<body><h1>AWS sandbox</h1>
<p>{summary} The same as JSON: <a href="/_sandbox/state">/_sandbox/state</a></p>
{tables}
</body></html>
"""


def console_page(state: Mapping[str, Any]) -> str:
    tables = "\n".join(_table(title, state[key], columns) for title, (key, columns) in TABLES.items())
    counters = _table("Counters", ({"counter": k, "value": v} for k, v in state["counters"].items()), COUNTERS)
    summary = f"As of {state['now']:%Y-%m-%d %H:%M:%S} UTC."
    return PAGE.format(summary=summary, tables=tables + counters)


COUNTERS = ("counter", "value")


def _table(title: str, rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> str:
    head = "".join(f'<th scope="col">{escape(column.replace("_", " "))}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(_cell(row[column]) for column in columns)}</tr>" for row in rows)
    if not body:
        return f"<h2>{title}</h2><p>None.</p>"
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return f"<td>{'' if value is None else escape(str(value))}</td>"
