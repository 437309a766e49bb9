"""White label: the name, the picture and the colour in which a tenant sees the portal."""

from dataclasses import dataclass

from django.urls import reverse

from integrations.registration.models import Brand, Integration
from tenants.models import Tenant


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
