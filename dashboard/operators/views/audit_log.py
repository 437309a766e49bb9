"""The audit log. It is also the example of a list: CONTRIBUTING.md walks through this file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.differences import Difference, action_words, differences, words_of
from dashboard.web.doors import staff_page
from dashboard.web.filters import Asked, Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.paging import page_of
from tenants.audit_log import AuditQuestion, audit_entries, is_object_id, object_types
from tenants.models import AuditEntry, Tenant

LIST = Filters(
    filters=(
        filters.search("Who did it, or the id of what was changed"),
        filters.choice("kind", "Actor", AuditEntry.ActorKind.choices, anything="Anybody"),
        filters.choice("type", "Object", lambda: filters.options_of((name, words_of(name)) for name in object_types())),
        filters.day("since", "From"),
        filters.day("until", "To"),
    ),
    sorts=(Sort("at", ("-at", "-id")),),
)
COLUMNS: Mapping[str, Callable[[AuditEntry], Any]] = {
    "at": lambda entry: entry.at,
    "actor": lambda entry: entry.actor_label,
    "actor_kind": lambda entry: entry.actor_kind,
    "action": lambda entry: entry.action,
    "object_type": lambda entry: entry.object_type,
    "object_id": lambda entry: entry.object_id,
    "before": lambda entry: entry.before,
    "after": lambda entry: entry.after,
    "request_id": lambda entry: entry.request_id,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is shown."""

    entry: AuditEntry
    tenant: Tenant | None
    what: str
    changes: list[Difference]


@require_safe
@staff_page
def audit_log(request: HttpRequest) -> HttpResponseBase:
    """Show who did what to which object, newest first, or send it as a file."""
    asked = LIST.read(request)
    entries = audit_entries(_question(asked))
    if asked.wants_csv:
        return csv_of("audit-log", COLUMNS, every(entries, asked.sort.fields))
    page = page_of(asked, entries, noun=("entry", "entries"))
    tenants = Tenant.objects.in_bulk({entry.tenant_id for entry in page.rows if entry.tenant_id})
    lines = [_line(entry, tenants) for entry in page.rows]
    return render(request, "operators/audit_log.html", {"list": asked, "shown": page, "lines": lines})


def _question(asked: Asked) -> AuditQuestion:
    words = asked.value("q")
    by_id = is_object_id(words)
    return AuditQuestion(
        actor="" if by_id else words,
        object_id=words if by_id else "",
        actor_kind=asked.value("kind"),
        object_type=asked.value("type"),
        since=asked.start_of("since"),
        until=asked.end_of("until"),
    )


def _line(entry: AuditEntry, tenants: Mapping[int, Tenant]) -> Line:
    tenant = tenants.get(entry.tenant_id) if entry.tenant_id else None
    return Line(entry, tenant, action_words(entry.action), differences(entry.before, entry.after))
