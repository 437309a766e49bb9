"""The event types that a tenant can choose from: what the integration declares, and what the tenant's events have."""

from django.utils.html import format_html

from integrations.events.seen_types import seen_types
from integrations.onboarding.models import CataloguedType
from tenants.models import Tenant


def options_of(types: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the types as choices: the name, and what it means in smaller print."""
    return [
        (name, format_html('{} <span class="note">{}</span>', name, about) if about else name) for name, about in types
    ]


def types_for(tenant: Tenant) -> list[tuple[str, str]]:
    """Return names and descriptions, by name. Types of other tenants' events are none of this tenant's business."""
    declared = CataloguedType.objects.filter(integration__environments__directory=tenant.directory_id)
    known = dict(declared.values_list("name", "description"))
    return sorted((dict.fromkeys(seen_types(tenant.pk), "") | known).items())
