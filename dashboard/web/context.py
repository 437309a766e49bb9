"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from dashboard.web.theme import theme_of


def page(request: HttpRequest) -> dict[str, Any]:
    """Return `page`: its theme, the moment it was rendered and the version of the product."""
    return {"page": {"theme": theme_of(request), "now": timezone.now(), "version": settings.VERSION}}
