"""The console page at /_sandbox/: the state as plain tables."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

TABLES = {
    "Sources": ("sources", ("name", "region", "publisher", "account", "standing", "created_at", "expires_at")),
    "Event buses": ("buses", ("name", "region", "account", "created_at")),
    "Rules": ("rules", ("name", "bus", "region", "account", "state", "pattern")),
    "Queues": ("queues", ("name", "region", "account", "visible", "in_flight", "delayed")),
}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>AWS sandbox</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
main {{ max-width: 72rem; margin: 0 auto; padding: 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: left; vertical-align: top; white-space: nowrap; }}
th, td {{ padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #8886; }}
</style></head>
<body><main><h1>AWS sandbox</h1>
<p>Simulated. Nothing here reaches AWS.</p>
<p>{summary} The same as JSON: <a href="/_sandbox/state">/_sandbox/state</a></p>
{tables}
</main></body></html>
"""
COUNTERS = ("counter", "value")
MOMENT = "%Y-%m-%d %H:%M:%S UTC"


def console_page(state: Mapping[str, Any]) -> str:
    tables = "\n".join(_table(title, state[key], columns) for title, (key, columns) in TABLES.items())
    counters = _table("Counters", ({"counter": k, "value": v} for k, v in state["counters"].items()), COUNTERS)
    return PAGE.format(summary=f"As of {_written(state['now'])}.", tables=tables + counters)


def _table(title: str, rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> str:
    head = "".join(f'<th scope="col">{escape(column.replace("_", " "))}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(_cell(row[column]) for column in columns)}</tr>" for row in rows)
    if not body:
        return f"<h2>{title}</h2><p>None.</p>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<h2>{title}</h2><div class="wide" role="region" aria-label="{title}" tabindex="0">{table}</div>'


def _cell(value: object) -> str:
    return f"<td>{escape(_written(value))}</td>"


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):{MOMENT}}"
    return "" if value is None else str(value)
