"""What every template may use."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from dashboard.web.account import shell_of
from dashboard.web.brand import brand_of_account
from dashboard.web.theme import theme_of
from dashboard.web.zone import chosen_zone


def page(request: HttpRequest) -> dict[str, Any]:
    """Return `page`: its theme and zone, the moment it was rendered and the version of the product.

    And `brand`, which a page of a tenant knows better: here it is that of one's own account.
    """
    now = timezone.now()
    return {
        "page": {
            "theme": theme_of(request),
            "zone": chosen_zone(request),
            "zone_name": timezone.localtime(now).tzname(),
            "now": now,
            "version": settings.VERSION,
            # Called by the template that asks: other pages need not know who looks at them.
            "shell": partial(shell_of, request),
        },
        "brand": SimpleLazyObject(partial(brand_of_account, request)),
    }
