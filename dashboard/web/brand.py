"""White label: the name, the picture and the colour in which a tenant sees the portal."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from integrations.registration.models import Brand, Integration
from tenants.access import is_staff
from tenants.models import Tenant, User

ACCOUNT = "/accounts"


@dataclass(frozen=True, slots=True)
class BrandFacts:
    """How an integration calls itself. `sheet` and `logo` are addresses, empty where it has none of its own."""

    name: str
    sheet: str = ""
    logo: str = ""


def brand_of(tenant: Tenant) -> BrandFacts:
    """Return the brand of the integration whose tenant this is."""
    return brand_of_integration(tenant.directory.environment.integration)


def brand_of_integration(integration: Integration) -> BrandFacts:
    """Return the integration's brand."""
    try:
        brand = integration.brand
    except Brand.DoesNotExist:
        return BrandFacts(integration.name)
    version = f"?v={brand.version}"
    return BrandFacts(
        name=brand.name or integration.name,
        sheet=reverse("brand_sheet", args=[integration.public_id]) + version if brand.colour else "",
        logo=reverse("brand_logo", args=[integration.public_id]) + version if brand.logo_bytes else "",
    )


def brand_of_account(request: HttpRequest) -> BrandFacts | None:
    """Return the brand in which a person of tenants sees the own account: of their one integration, if it is one."""
    person = getattr(request, "user", None)
    if not request.path.startswith(ACCOUNT) or not isinstance(person, User) or is_staff(person):
        return None
    theirs = Integration.objects.filter(
        environments__directory__tenants__memberships__user=person, environments__directory__tenants__closed_at=None
    )
    found = list(theirs.select_related("brand").distinct()[:2])
    return brand_of_integration(found[0]) if len(found) == 1 else None
