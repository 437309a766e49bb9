"""White label: the name, the picture and the colour in which a tenant sees the portal."""

from dataclasses import dataclass

from integrations.registration.models import Integration
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class BrandFacts:
    """How an integration calls itself. `sheet` and `logo` are addresses, empty where it has none of its own."""

    name: str
    sheet: str = ""
    logo: str = ""


def brand_of(tenant: Tenant) -> BrandFacts:
    """Return the brand of the integration whose tenant this is."""
    return brand_of_integration(Integration.objects.get(environments__directory=tenant.directory_id))


def brand_of_integration(integration: Integration) -> BrandFacts:
    """Return the integration's brand."""
    return BrandFacts(integration.name)
