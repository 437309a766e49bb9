"""What a line of the audit log says: what was done, and what it changed, field by field."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tenants.models import AuditEntry

NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field. `before` is empty where the log has only what came of it."""

    name: str
    before: str
    after: str


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Return the fields that differ, in the order in which they were written."""
    old, new = before or {}, after or {}
    names = dict.fromkeys((*old, *new))
    return [
        Difference(name.replace("_", " "), _words(old[name]) if name in old else "", _words(new.get(name)))
        for name in names
        if name not in old or name not in new or old[name] != new[name]
    ]


def action_words(action: str) -> str:
    """Write an action `subject:verb` for people: `source:pause` is Pause source."""
    subject, _, verb = action.partition(":")
    return words_of(f"{verb} {subject}" if verb else subject)


def in_runs(entries: Iterable[AuditEntry]) -> Iterator[tuple[AuditEntry, int]]:
    """Yield the first of entries that say the same one after the other, with how many do."""
    for _, run in groupby(entries, key=lambda entry: (entry.tenant_id, entry.actor_label, entry.action)):
        alike = list(run)
        yield alike[0], len(alike)


def words_of(name: str) -> str:
    """Write the name of an action or type for people."""
    return name.replace("_", " ").capitalize()


def _words(value: Any) -> str:
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)
