"""The event types that a tenant can choose from: what the integration declares, and what the tenant's events have."""

from integrations.events.seen_types import seen_types
from integrations.onboarding.models import CataloguedType
from tenants.models import Tenant


def types_for(tenant: Tenant) -> list[tuple[str, str]]:
    """Return names and descriptions, by name. Types of other tenants' events are none of this tenant's business."""
    declared = CataloguedType.objects.filter(integration__environments__directory=tenant.directory_id)
    known = dict(declared.values_list("name", "description"))
    return sorted((dict.fromkeys(seen_types(tenant.pk), "") | known).items())
