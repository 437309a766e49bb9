"""`manage.py doctor`."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
import time_machine
from django.db import connection
from pytest_django.fixtures import Settings

from dashboard.health import HEARTBEAT_KEY
from integrations.aws.connections import forget_connections
from integrations.events import back_pressure
from integrations.events.storage import make_ahead
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.aws.scripted_aws import ScriptedAws
from tests.commands.conftest import Said

# In a transaction of its own: the tables of the day are made by DDL, and AWS is not called inside a transaction.
pytestmark = pytest.mark.django_db(transaction=True)
Manage = Callable[..., Said]


@pytest.fixture(autouse=True)
def healthy(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    """A configuration and surroundings in which there is nothing to complain about."""
    aws = ScriptedAws()
    for name in ("EVENTS", "STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", aws.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    settings.SECRET_KEY = "x" * 50
    settings.DEBUG, settings.SANDBOX = False, True
    settings.PUBLIC_URL, settings.SECURE, settings.ALLOWED_HOSTS = "http://127.0.0.1:8000", False, ["127.0.0.1"]
    # pytest-django works in a database of its own, beside the one that DATABASE_URL names.
    settings.DATABASE_URL_DIRECT = (
        settings.DATABASE_URL_DIRECT.rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    )
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.set(HEARTBEAT_KEY, int(time.time()))
    connection.ensure_connection()
    make_ahead(connection.connection, datetime.now(UTC))
    forget_connections()
    yield aws
    forget_connections()
    aws.close()


@pytest.fixture
def orders(manage: Manage) -> None:
    """An integration whose publisher account the credentials belong to."""
    namespace = ("--test-namespace", "aws.partner/example.com.test")
    manage("create_integration", "orders", *namespace, "--publisher-account", "111111111111", "--regions", "eu-west-1")


def findings(said: Said) -> dict[str, tuple[str, str]]:
    lines = [json.loads(line) for line in said.output.splitlines()]
    return {line["subject"]: (line["grade"], line["text"]) for line in lines}


def test_a_healthy_installation_is_ok_in_every_line(manage: Manage, orders: None) -> None:
    said = manage("doctor", "--json")
    found = findings(said)
    assert {grade for grade, _ in found.values()} == {"ok"}, found
    assert said.code == 0
    assert list(found) == [
        "settings",
        "sandbox",
        "broker",
        "beat",
        "database",
        "direct database",
        "clock",
        "migrations",
        "storage",
        "backlog",
        "aws: orders test",
    ]


def test_people_read_one_line_each(manage: Manage) -> None:
    assert "ok       broker: answers" in manage("doctor").output.splitlines()


@pytest.mark.parametrize(
    ("change", "grade", "word"),
    [
        ({"SECRET_KEY": "short"}, "warning", "SECRET_KEY"),
        ({"PUBLIC_URL": "https://events.example.com", "SECURE": True}, "failed", "ALLOWED_HOSTS"),
        ({"DEBUG": True, "SECURE": True}, "failed", "DEBUG"),
        ({"PUBLIC_URL": "http://events.example.com", "ALLOWED_HOSTS": [".example.com"]}, "warning", "https"),
    ],
)
def test_dangerous_settings_are_named(
    manage: Manage, settings: Settings, change: dict[str, object], grade: str, word: str
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    said = manage("doctor", "--json")
    found = findings(said)["settings"]
    assert found[0] == grade
    assert word in found[1]
    assert said.code == (1 if grade == "failed" else 0)


@pytest.mark.parametrize(
    ("sandbox", "secure", "endpoint", "grade"),
    [
        (True, False, "http://127.0.0.1:4566", "ok"),
        (True, True, "http://127.0.0.1:4566", "warning"),
        (True, False, "", "failed"),
        (False, False, "", "ok"),
        (False, False, "http://127.0.0.1:4566", "warning"),
    ],
)
def test_it_says_whether_calls_reach_aws_or_the_sandbox(
    manage: Manage,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: bool,
    secure: bool,
    endpoint: str,
    grade: str,
) -> None:
    settings.SANDBOX, settings.SECURE = sandbox, secure
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", endpoint)
    assert findings(manage("doctor", "--json"))["sandbox"][0] == grade


def test_a_broker_that_is_away_fails_and_the_rest_is_still_examined(manage: Manage, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    said = manage("doctor", "--json")
    found = findings(said)
    assert found["broker"][0] == "failed"
    assert found["migrations"][0] == "ok"
    assert said.code == 1


@pytest.mark.parametrize("age", [None, 3600])
def test_a_heart_that_does_not_beat_is_a_warning(manage: Manage, settings: Settings, age: int | None) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        if age is None:
            broker.delete(HEARTBEAT_KEY)
        else:
            broker.set(HEARTBEAT_KEY, int(time.time()) - age)
    assert findings(manage("doctor", "--json"))["beat"][0] == "warning"


def test_a_database_that_is_away_ends_the_examination(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    said = manage("doctor", "--json")
    found = findings(said)
    assert found["database"][0] == "failed"
    assert "DATABASE_URL" in found["database"][1]
    assert list(found)[-1] == "database"
    assert said.code == 1


@pytest.mark.parametrize(("url", "word"), [("postgres://127.0.0.1:1/x", "DATABASE_URL_DIRECT"), (None, "different")])
def test_the_publishers_own_way_to_the_database_is_tried(
    manage: Manage, settings: Settings, url: str | None, word: str
) -> None:
    settings.DATABASE_URL_DIRECT = url or settings.DATABASE_URL_DIRECT.rpartition("/")[0] + "/postgres"
    grade, text = findings(manage("doctor", "--json"))["direct database"]
    assert grade == "failed"
    assert word in text


@pytest.mark.parametrize(("seconds", "grade"), [(1, "ok"), (10, "warning"), (-10, "warning"), (120, "failed")])
def test_clocks_that_differ_are_named(manage: Manage, seconds: int, grade: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
        assert findings(manage("doctor", "--json"))["clock"][0] == grade


def test_a_migration_that_is_missing_fails(manage: Manage) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'onboarding' returning name, applied")
        deleted = cursor.fetchall()
        try:
            found = findings(manage("doctor", "--json"))
        finally:
            cursor.executemany(
                "insert into django_migrations (app, name, applied) values ('onboarding', %s, %s)", deleted
            )
    assert found["migrations"][0] == "failed"
    assert "manage.py migrate" in found["migrations"][1]
    assert "storage" not in found


def test_tables_of_the_day_that_are_missing_are_a_warning(manage: Manage) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=60)):
        grade, text = findings(manage("doctor", "--json"))["storage"]
    assert grade == "warning"
    assert "events_" in text


def test_a_store_and_a_backlog_beyond_their_limits_fail(
    manage: Manage,
    settings: Settings,
    tenant: Tenant,
    make_source: Callable[..., Source],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(back_pressure, "STATEMENT_MILLISECONDS", 10_000)  # a busy machine takes its time
    settings.MAX_STORE_BYTES = 1
    assert findings(manage("doctor", "--json"))["backlog"][0] == "failed"
    settings.MAX_STORE_BYTES, settings.MAX_WAITING_EVENTS = 0, 2
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into pending select %s, gen_random_uuid() from generate_series(1, 3)", [make_source(tenant).pk]
        )
    grade, text = findings(manage("doctor", "--json"))["backlog"]
    assert (grade, "about 3 deliveries" in text) == ("failed", True)
    settings.MAX_WAITING_EVENTS = 3
    assert findings(manage("doctor", "--json"))["backlog"][0] == "ok"
    with connection.cursor() as cursor:
        cursor.execute("truncate pending")


def test_credentials_of_another_account_fail(manage: Manage, orders: None, healthy: ScriptedAws) -> None:
    healthy.account = "999999999999"
    said = manage("doctor", "--json")
    grade, text = findings(said)["aws: orders test"]
    assert (grade, said.code) == ("failed", 1)
    assert "999999999999" in text
    assert "111111111111" in text


def test_aws_that_cannot_be_reached_fails_with_a_sentence(
    manage: Manage, orders: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    grade, text = findings(manage("doctor", "--json"))["aws: orders test"]
    assert grade == "failed"
    assert "could not be reached" in text
