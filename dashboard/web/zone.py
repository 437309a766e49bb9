"""In whose time moments are written: a zone in a cookie, which the browser names by itself or a person chooses."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.web.theme import YEAR, way_back

COOKIE = "partnerbus_zone"


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all zones, in the order of the alphabet."""
    return tuple(sorted(available_timezones()))


def chosen_zone(request: HttpRequest) -> str:
    """Return the zone that this browser named, or nothing when it named none that exists."""
    named = request.COOKIES.get(COOKIE, "")
    return named if named in zones() else ""


class TimeZone:
    """Middleware under which moments are written in the visitor's zone; without one, in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the zone of the cookie."""
        if COOKIE not in request.COOKIES:
            return self.get_response(request)
        named = chosen_zone(request)
        with timezone.override(ZoneInfo(named) if named else None):
            return self.get_response(request)


@require_POST
def choose_zone(request: HttpRequest) -> HttpResponse:
    """Remember the posted `zone` and go back to the page `next`."""
    response = HttpResponseRedirect(way_back(request))
    zone = request.POST.get("zone", "")
    if zone in zones():
        response.set_cookie(COOKIE, zone, max_age=YEAR, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response
