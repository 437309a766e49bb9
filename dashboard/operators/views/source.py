"""One source: where its events are now, what happened to it, and what can be done."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.operators.source_facts import (
    CHANGES,
    chart_of,
    facts_of,
    history_of,
    loaded,
    series_of,
    troubles_of,
)
from dashboard.operators.source_message import message_of
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_page
from dashboard.web.live import page_or_region
from dashboard.web.watched import keep_asking
from integrations.sources.models import Source
from integrations.sources.queries import source_for

MOST_CHANGES = 500


@require_safe
@staff_page
def source(request: HttpRequest, source: str) -> HttpResponse:
    """Show one source; its live region is asked for alone every few seconds."""
    found = _load(request, source)
    keep_asking(found, timezone.now())
    facts = facts_of(found)
    context = {
        "facts": facts,
        "message": message_of(facts),
        "may_act": may(person_of(request), ACT_ON_TENANTS),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        series = series_of(found, timezone.now())
        changes = history_of(found)
        context |= {
            "chart": chart_of(series, facts.tenant),
            "latency": {share: series.totals.percentile(share / 100) for share in (50, 95, 99)},
            "troubles": troubles_of(series),
            "changes": changes[:CHANGES],
            "more_changes": len(changes) > CHANGES,
            "with_chart": True,
        }
    asked_at = [facts.asked_at] if facts.asked_at else []
    return page_or_region(request, "operators/source.html", (facts, context["may_act"]), context, asked_at)


@require_safe
@staff_page
def history(request: HttpRequest, source: str) -> HttpResponse:
    """Show all changes of a source, newest first, as far as a page goes."""
    found = _load(request, source)
    changes = history_of(found, MOST_CHANGES)
    context = {"source": found, "changes": changes[:MOST_CHANGES], "more": len(changes) > MOST_CHANGES}
    return render(request, "operators/source_history.html", context)


def _load(request: HttpRequest, public_id: str) -> Source:
    return source_for(person_of(request), public_id, loaded)
