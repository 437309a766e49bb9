"""The Celery task of the sources. Rows are the queue: a lost task costs seconds, the beat starts the next."""

from celery import shared_task
from django.utils import timezone

from integrations.kick import kick
from integrations.sources.automatic_renewal import renew_expired
from integrations.sources.claims import due
from integrations.sources.exclusion import only_sweep
from integrations.sources.reminders import remind
from integrations.sources.sweep import sweep


@shared_task
def advance_sources() -> None:
    """Take due sources to their next step with AWS for at most half a minute; start the successor if more is due."""
    if not due(timezone.now()).exists():
        return
    with only_sweep() as alone:
        more = alone and sweep(clock=timezone.now)
    if more:
        kick(advance_sources)


@shared_task
def tend_offers() -> None:
    """Write down which offers end soon, and make those again that have ended where their environment says so."""
    remind(timezone.now())
    if renew_expired(timezone.now()):
        kick(advance_sources)
