"""The backend of the Celery baseline: for each event a row by the ORM and a task.

A side process, whose argument is `{"seconds", "stub_port"}`. Its answer counts from the first row until all were sent.
"""

import json
import os
import time
from http.client import HTTPConnection
from typing import Any

import django

from launcher.ports import LOOPBACK
from tests.benchmarks.bodies import DETAIL
from tests.benchmarks.registering import TENANTS
from tests.benchmarks.side_process import argument, tell, wait_for_go

BACKLOG = 200  # rows that wait for their task at most
WARM_UP = 50
POLL_SECONDS = 0.02
LIMIT_SECONDS = 120.0


def make(number: int) -> None:
    """Make one row and its task."""
    from tests.benchmarks.celery_outbox import Outbox, send

    row = Outbox.objects.create(tenant=number % TENANTS, type="order.created", detail=DETAIL)
    send.delay(row.pk)


def wait_until_accepted() -> float:
    """Return the moment at which no row waits any more. Raises TimeoutError."""
    from tests.benchmarks.celery_outbox import Outbox

    deadline = time.monotonic() + LIMIT_SECONDS
    while Outbox.objects.filter(accepted_at=None).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker did not work off its tasks within {LIMIT_SECONDS:.0f} s; see its log")
        time.sleep(POLL_SECONDS)
    return time.monotonic()


def produce(seconds: float, stub_port: int) -> dict[str, Any]:
    """Make rows for so long, at most BACKLOG ahead of the tasks, and wait for the last one."""
    for number in range(WARM_UP):
        make(number)
    wait_until_accepted()
    stub = HTTPConnection(LOOPBACK, stub_port, timeout=10)
    before, made, asked_at, ahead = _accepted(stub), 0, 0.0, 0
    began = wait_for_go()
    while time.monotonic() - began < seconds:
        if time.monotonic() - asked_at > POLL_SECONDS:
            ahead, asked_at = made - (_accepted(stub) - before), time.monotonic()
        if ahead > BACKLOG:
            time.sleep(POLL_SECONDS)
            continue
        make(made)
        made += 1
    return {"events": made, "seconds": wait_until_accepted() - began}


def _accepted(stub: HTTPConnection) -> int:
    stub.request("GET", "/_stub")
    return int(json.loads(stub.getresponse().read())["accepted"])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    tell(produce(**argument()))
