import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as configured
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from dashboard import health


@pytest.fixture(autouse=True)
def _first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)


@pytest.fixture
def valkey() -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(configured.REDIS_URL) as server:
        server.delete(health.HEARTBEAT_KEY)
        yield server
        server.delete(health.HEARTBEAT_KEY)


@pytest.fixture
def dead_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return int(closed.getsockname()[1])


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_the_process_is_alive_without_asking_the_database(client: Client) -> None:
    """No `db` fixture: pytest-django would refuse a query."""
    assert client.get("/livez").json() == {"status": "alive"}


@pytest.mark.django_db
class TestReady:
    def test_all_is_well_when_a_worker_has_run_the_heartbeat(self, client: Client, valkey: "redis.Redis") -> None:
        health.heartbeat()
        status, report = ready(client)
        assert (status, report["status"], report["problems"]) == (200, "ready", [])
        assert report["beat_age_seconds"] <= 2

    def test_a_late_heartbeat_is_degraded_and_still_ready(self, client: Client, valkey: "redis.Redis") -> None:
        valkey.set(health.HEARTBEAT_KEY, int(time.time()) - 61)
        status, report = ready(client)
        assert (status, report["status"]) == (200, "degraded")
        assert report["beat_age_seconds"] >= 61

    def test_no_heartbeat_at_all_is_degraded(self, client: Client, valkey: "redis.Redis") -> None:
        status, report = ready(client)
        assert (status, report["status"], report["beat_age_seconds"]) == (200, "degraded", None)

    def test_a_broker_that_is_gone_is_degraded(self, client: Client, settings: Settings, dead_port: int) -> None:
        settings.REDIS_URL = f"redis://127.0.0.1:{dead_port}/0"
        status, report = ready(client)
        assert (status, report["status"]) == (200, "degraded")

    def test_a_broker_that_never_answers_costs_a_few_short_timeouts(self, client: Client, settings: Settings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
            began = time.monotonic()
            age, problems = health._sweeps()
            took = time.monotonic() - began
        assert age is None
        assert problems
        assert took < 20 * health.BROKER_TIMEOUT_SECONDS

    def test_a_missing_migration_is_not_ready_and_is_named(self, client: Client) -> None:
        ((app, name),) = MigrationLoader(connection).graph.leaf_nodes("tenants")
        MigrationRecorder(connection).record_unapplied(app, name)
        status, report = ready(client)
        assert (status, report["status"]) == (503, "unready")
        assert f"tenants.{name}" in report["problems"][0]
        assert "manage.py migrate" in report["problems"][0]

    def test_a_database_that_is_gone_is_not_ready(self, dead_port: int) -> None:
        """Asked in a thread, which has a connection of its own, to a port where nobody listens."""
        answers = []

        def ask(request: HttpRequest) -> None:
            connection.settings_dict = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": dead_port}
            answers.append(health.readyz(request))

        thread = threading.Thread(target=ask, args=[RequestFactory().get("/readyz")])
        thread.start()
        thread.join()
        assert answers[0].status_code == 503
        assert "database does not answer" in json.loads(answers[0].content)["problems"][0]
