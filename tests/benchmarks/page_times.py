"""Run on a seeded installation: `python -m tests.benchmarks.page_times [REQUESTS]` asks for every page in one process.

Prints a list of `{"page", "status", "queries", "p50", "p95", "work", "bytes"}`, times in milliseconds: p50 and p95 are
everything from the request to the last byte of the answer but the server's socket; `work` is the processor time of a
request, Python's and its database session's, which does not depend on what else the machine does. Queries are counted
with every cache empty. Of what answers no page there is only the status.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import django

from tests.benchmarks import processor_time

WARM = 2


@dataclass(frozen=True)
class Browser:
    """A person of operations who is signed in, and the process that answers its queries."""

    client: Any
    session_pid: int

    def work(self) -> float:
        """Return the processor milliseconds used so far."""
        return (time.process_time() + processor_time.of_tree(self.session_pid)) * 1e3

    def milliseconds(self, path: str) -> float:
        began = time.perf_counter()
        self.client.get(path)
        return (time.perf_counter() - began) * 1e3


def main(requests: int) -> None:
    """Measure each page that answers 200 with HTML."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from urllib.parse import urlsplit

    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from tenants.models import User
    from tests.benchmarks.page_list import pages

    person, _ = User.objects.get_or_create(email="pages@example.invalid", defaults={"staff_role": "operations"})
    client = Client(SERVER_NAME=urlsplit(settings.PUBLIC_URL).hostname)
    client.force_login(person)
    browser = Browser(client, connection.connection.info.backend_pid)
    json.dump([{"page": name} | _measure(browser, path, requests) for name, path in pages()], sys.stdout)


def _measure(browser: Browser, path: str, requests: int) -> dict[str, Any]:
    queries, answer = _counted(browser.client, path)
    if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
        return {"status": answer.status_code}
    for _ in range(WARM):
        browser.client.get(path)
    before = browser.work()
    times = sorted(browser.milliseconds(path) for _ in range(requests))
    return {
        "status": 200,
        "queries": queries,
        "p50": round(times[len(times) // 2], 1),
        "p95": round(times[int(len(times) * 0.95)], 1),
        "work": round((browser.work() - before) / requests, 1),
        "bytes": len(answer.content),
    }


def _counted(client: Any, path: str) -> tuple[int, Any]:
    from django.core.cache import cache
    from django.db import connection

    statements: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            statements.append(sql)
        return execute(sql, *rest)

    cache.clear()
    with connection.execute_wrapper(count):
        answer = client.get(path)
    return len(statements), answer


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
