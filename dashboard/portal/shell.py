"""What stands around every page of the portal: whose it is, in whose colours, and where one can go."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.web.brand import brand_of
from dashboard.web.visitors import visitor_of
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Tab:
    """A place in the portal."""

    url: str
    label: str
    current: bool


def shell(request: HttpRequest, tenant: Tenant, tab: str, **context: Any) -> dict[str, Any]:
    """Return the context of a page below this tab, with what the frame needs."""
    places = {
        "portal_connection": _("Connection"),
        "portal_deliveries": _("Deliveries"),
        "portal_members": _("Members"),
    }
    tabs = [Tab(reverse(name, args=[tenant.public_id]), label, name == tab) for name, label in places.items()]
    visitor = visitor_of(request)
    return {
        "tenant": tenant,
        "visitor": visitor,
        "acts": visitor.acts,
        "brand": brand_of(tenant),
        "tabs": tabs,
    } | context
