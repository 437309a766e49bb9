"""Posts of events pass by the middleware that is there for people: it costs more than storing an event."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from integrations.events.api import events

PATH = "/api/v1/events"


class EventsFirst:
    """Middleware that hands posts of events to their view: no session, no form, no page and no language concerns them.

    It stands first, and does what of the others concerns a client that is no browser: the check of the host, and the
    length of the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a post of events at once, anything else in the usual way."""
        if request.path_info != PATH or request.method != "POST":
            return self.get_response(request)
        request.get_host()
        response = events(request)
        response["Content-Length"] = str(len(response.content))
        response["X-Content-Type-Options"] = "nosniff"
        return response
