"""The Celery application of the baseline that most Django projects would write: one task per event.

Its worker is `celery -A tests.benchmarks.celery_per_event worker`, with a queue of its own and Celery's defaults but
one: it keeps its database connections, which Celery would close before and after every task.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.conf import settings

app = Celery("per_event", broker=settings.REDIS_URL)
app.conf.update(
    task_default_queue="benchmark",
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    imports=["tests.benchmarks.celery_outbox"],
    CELERY_DB_REUSE_MAX=1_000_000_000,
)
