"""Taking a source to where the demo wants it, with the sweep that the worker runs."""

import time
from collections.abc import Callable

from django.utils import timezone

from dashboard.demo import DemoRefused
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from integrations.sources.tasks import advance_sources

PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.1


def advance_until(source: Source, is_there: Callable[[Source], bool]) -> None:
    """Ask AWS about the source until it is where it should be. Raises DemoRefused when it does not get there."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    source.refresh_from_db()
    while not is_there(source):
        if time.monotonic() > give_up_at:
            raise DemoRefused(
                f"{source.name} stays {shown_state(source)}. {source.failure_message or 'Look into the log'} "
                "Mend that and load the demo again: it goes on where it stopped."
            )
        _ask_now(source)
        advance_sources()  # type: ignore[no-untyped-call,unused-ignore]
        source.refresh_from_db()
        time.sleep(0 if is_there(source) else PAUSE_SECONDS)


def _ask_now(source: Source) -> None:
    """Make the next look at a source due, which would otherwise be in some seconds; provisioning keeps its pace."""
    Source.objects.filter(pk=source.pk, provisioned_at__isnull=False).update(due_at=timezone.now())
