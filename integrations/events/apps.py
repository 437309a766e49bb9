from django.apps import AppConfig

from integrations import arrays


class EventsConfig(AppConfig):
    name = "integrations.events"
    label = "events"

    def ready(self) -> None:
        """Registers the arrays of the hot path before the first connection."""
        arrays.register()
