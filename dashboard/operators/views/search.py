"""The search: a page with an address, and the same in a palette over any page (Ctrl-K)."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.operators.search import search as search_for
from dashboard.web.doors import person_of, staff_page


@require_safe
@staff_page
def search(request: HttpRequest) -> HttpResponse:
    """Show what `q` may mean; for htmx the results alone. A single thing that an id names is opened at once."""
    words = request.GET.get("q", "").strip()
    kinds = search_for(words, person_of(request))
    hits = [hit for kind in kinds for hit in kind.hits]
    context = {"words": words, "kinds": kinds, "number": len(hits)}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "operators/search.html#results", context)
    if len(hits) == 1 and hits[0].title == words:
        return HttpResponseRedirect(hits[0].url)
    return render(request, "operators/search.html", context)
