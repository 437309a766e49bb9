"""Starting a Celery task at once instead of at the next sweep: best effort, and never at the cost of the caller."""

import time
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

PAUSE_AFTER_FAILURE = 5.0  # seconds; with the broker gone every try would cost its connect timeout

_resume_at = 0.0


def kick(task: "Task[..., Any]") -> None:
    """Start the task after the current transaction commits. A lost kick costs seconds: a sweep finds the row."""
    transaction.on_commit(lambda: _send(task), robust=True)


def _send(task: "Task[..., Any]") -> None:
    global _resume_at
    if time.monotonic() < _resume_at:
        return
    try:
        task.apply_async(retry=True, retry_policy={"max_retries": 0}, expires=60)
    except (OperationalError, OSError):
        _resume_at = time.monotonic() + PAUSE_AFTER_FAILURE
