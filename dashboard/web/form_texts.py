"""What a form may say: nothing that the database cannot store."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from dashboard.web.form_sizes import API

NUL = "\x00"


class FormTexts:
    """Middleware that refuses a form with a NUL in it, which no person types and PostgreSQL stores nowhere.

    It comes behind the check against forgery, which has read the form. The API's bodies are read by its own parser.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on to the view."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer 400 with the field's name, and for htmx with the sentence alone."""
        field = None if request.path.startswith(API) else _field_with_nul(request)
        if field is None:
            return None
        if "HX-Request" in request.headers:
            sentence = "It holds a NUL, an invisible character that cannot be stored. Take it out, or type it anew."
            return HttpResponse(sentence, status=400, content_type="text/plain; charset=utf-8")
        return render(request, "400_nul.html", {"field": field}, status=400)


def _field_with_nul(request: HttpRequest) -> str | None:
    for name, values in request.POST.lists():
        if any(NUL in str(text) for text in (name, *values)):
            return name.replace(NUL, "").replace("_", " ")[:60] or "a field without a name"
    return None
