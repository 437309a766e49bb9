"""Open pages: while somebody looks at a source that waits for AWS, AWS is asked about it every few seconds."""

from datetime import datetime

from integrations.kick import kick
from integrations.sources.models import Source
from integrations.sources.tasks import advance_sources
from integrations.sources.watching import watch


def keep_asking(source: Source, now: datetime) -> None:
    """Note that a page of this source is open, and have AWS asked at once when it was just opened."""
    if watch(source, now):
        kick(advance_sources)
