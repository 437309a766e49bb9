"""The Celery task of reconciliation. Rows are the queue: a lost task costs seconds, the beat starts the next."""

from celery import shared_task
from django.utils import timezone

from integrations.kick import kick
from integrations.reconciliation.surveying import plan_surveys
from integrations.reconciliation.working import is_any_due, only_worker, work


@shared_task
def reconcile() -> None:
    """Take surveys, adoptions and the other long jobs further for about twenty seconds; start the successor."""
    plan_surveys(timezone.now())
    if not is_any_due(timezone.now()):
        return
    with only_worker() as alone:
        more = alone and work(clock=timezone.now)
    if more:
        kick(reconcile)
