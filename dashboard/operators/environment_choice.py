"""The environments that lists and forms offer to choose from, and the one that was chosen."""

from uuid import UUID

from dashboard.web import filters
from dashboard.web.filters import Options
from integrations.registration.models import Environment


def environments() -> Options:
    """Return every environment, by the name people know it under."""
    found = Environment.objects.select_related("integration").order_by("integration__name", "kind")
    return filters.options_of((each.public_id, each) for each in found)


def environment_of(public_id: str) -> Environment | None:
    """Return an environment by its public id, None for anything else."""
    try:
        identifier = UUID(public_id)
    except ValueError:
        return None
    return Environment.objects.select_related("integration").filter(public_id=identifier).first()
