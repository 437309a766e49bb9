"""The environment that a command is about, by the names in which people know it."""

from django.core.management.base import CommandError

from integrations.registration.models import Environment


def environment_named(slug: str, kind: str) -> Environment:
    """Return the environment of an integration. Raises CommandError, which names those there are."""
    try:
        return Environment.objects.select_related("directory").get(integration__slug=slug, kind=kind)
    except Environment.DoesNotExist:
        known = Environment.objects.order_by("integration__slug", "kind").values_list("integration__slug", "kind")
        there_are = ", ".join(f"{integration} {kind}" for integration, kind in known[:20])
        raise CommandError(
            f"There is no {kind} environment of an integration {slug!r}. "
            + (f"There are: {there_are}." if there_are else "Create one with `manage.py create_integration`.")
        ) from None
