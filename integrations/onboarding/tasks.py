"""The Celery tasks of onboarding. Rows are the queue: a lost task costs seconds, the beat starts the next."""

from celery import shared_task
from django.utils import timezone

from integrations.kick import kick
from integrations.onboarding.proving import sweep_proofs
from integrations.onboarding.run_engine import advance_runs, due_runs
from integrations.onboarding.sending import LETTERS, due_letters, send_due_letters


@shared_task
def send_letters() -> None:
    """Send the letters that are due; start the successor if there are more."""
    if due_letters(timezone.now()).exists() and send_due_letters(clock=timezone.now) == LETTERS:
        kick(send_letters)


@shared_task
def advance_validation_runs() -> None:
    """Take due validation runs forward for some 20 seconds; start the successor if more is due."""
    if due_runs(timezone.now()).exists() and advance_runs(clock=timezone.now):
        kick(advance_validation_runs)


@shared_task
def check_proofs() -> None:
    """Hold the automatic items that are due against the facts; start the successor if more are due."""
    if sweep_proofs(clock=timezone.now):
        kick(check_proofs)
