"""The Celery application: its broker carries kicks, PostgreSQL is the queue of record."""

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from billiard.process import active_children
from celery import Celery, bootsteps
from celery.signals import task_prerun, worker_process_init, worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.conf import settings

from integrations.stopping import stop_requested

PR_SET_PDEATHSIG = 1
FINISH = signal.SIGWINCH  # a process that does not listen for it ignores it

app = Celery("partnerbus")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        # Longer than any task lives (60 s), or a running task would be delivered twice.
        "visibility_timeout": 300,
        "socket_connect_timeout": 0.2,
        "socket_timeout": 5,
        "socket_keepalive": True,
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=False,  # rows are the queue: the sweep starts what was lost
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,  # a publisher works without the broker
    worker_hijack_root_logger=False,
    task_time_limit=120,
    task_routes={"integrations.events.tasks.publish": {"queue": "publish"}},
    task_default_queue="celery",
    imports=["dashboard.health", "dashboard.demo.feed"],
    timezone="UTC",
    beat_schedule={
        "publish": {
            "task": "integrations.events.tasks.publish",
            "schedule": 2.0,
            "options": {"expires": 4},
        },
        "advance-sources": {
            "task": "integrations.sources.tasks.advance_sources",
            "schedule": 2.0,
            "options": {"expires": 4},
        },
        "reconcile": {
            "task": "integrations.reconciliation.tasks.reconcile",
            "schedule": 2.0,
            "options": {"expires": 4},
        },
        "tend-offers": {
            "task": "integrations.sources.tasks.tend_offers",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "replay": {
            "task": "integrations.events.tasks.replay",
            "schedule": 2.0,
            "options": {"expires": 4},
        },
        "send-letters": {
            "task": "integrations.onboarding.tasks.send_letters",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "settle-gates": {
            "task": "integrations.events.tasks.settle_gates",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "advance-validation-runs": {
            "task": "integrations.onboarding.tasks.advance_validation_runs",
            "schedule": 2.0,
            "options": {"expires": 4},
        },
        "check-proofs": {
            "task": "integrations.onboarding.tasks.check_proofs",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "notify": {
            "task": "integrations.notifications.tasks.notify",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "send-notifications": {
            "task": "integrations.notifications.tasks.send_notifications",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "feed-demo": {
            "task": "dashboard.demo.feed.feed_demo",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "heartbeat": {
            "task": "dashboard.health.heartbeat",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "prune": {
            "task": "integrations.events.tasks.prune",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
        "enforce-hold-limit": {
            "task": "integrations.events.tasks.enforce_hold_limit",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "roll-up": {
            "task": "integrations.events.tasks.roll_up",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "make-storage-ahead": {
            "task": "integrations.events.tasks.make_storage_ahead",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
    },
)
app.autodiscover_tasks()


@worker_process_init.connect
def collect_garbage_rarely(**_: object) -> None:
    """A round makes thousands of small objects and no cycles."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@worker_process_init.connect
def die_with_the_worker(**_: object) -> None:
    """Let the kernel end a pool process whose worker was killed: it would publish on as an orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@worker_ready.connect
def say_ready(**_: object) -> None:
    """Make the file that the launcher waits for: asking a worker over the broker takes seconds."""
    if path := os.environ.get("READY_FILE"):
        Path(path).touch()


@worker_shutting_down.connect
def ask_tasks_to_finish(**_: object) -> None:
    """Pass a shutdown on to the pool: the worker waits for its tasks, and some of them work for a minute."""
    for process in active_children():
        if process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, FINISH)


@task_prerun.connect
def finish_on_request(**_: object) -> None:
    """Listen for the request. Not in the start of the process: the pool resets signals after that."""
    signal.signal(FINISH, _request_stop)


def _request_stop(_signal: int, _frame: object) -> None:
    stop_requested.set()


class FinishTasks(bootsteps.StartStopStep):
    """Asks also when the worker ends by itself, as it may when the broker dies under its hands."""

    requires = ("celery.worker.components:Pool",)

    def close(self, worker: object) -> None:
        threading.Thread(target=_keep_asking, daemon=True).start()


def _keep_asking() -> None:
    """A task that was only just starting did not listen yet."""
    while True:
        ask_tasks_to_finish()
        time.sleep(1)


app.steps["worker"].add(FinishTasks)
