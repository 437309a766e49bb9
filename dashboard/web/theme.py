"""Light, dark or as the system does: chosen by a person, kept in a cookie, rendered by the server."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "partnerbus_theme"
THEMES = ("auto", "light", "dark")
YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """Return the theme that this browser chose: `auto`, `light` or `dark`."""
    chosen = request.COOKIES.get(COOKIE)
    return chosen if chosen in THEMES else "auto"


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the posted `theme` and go back to the page `next`."""
    response = HttpResponseRedirect(way_back(request))
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie(COOKIE, theme, max_age=YEAR, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def way_back(request: HttpRequest) -> str:
    """Return the posted address `next` if it is one of ours, else the start."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else "/"
