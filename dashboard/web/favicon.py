"""`/favicon.ico`: where browsers and bookmarks look for the icon of pages that do not name one."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon, whose address changes with its content."""
    return HttpResponseRedirect(static("img/favicon.svg"))
