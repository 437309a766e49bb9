"""The event path on a real PostgreSQL, against an AWS whose answers a test decides."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from integrations.aws.exchange import Exchanges
from integrations.events import ingest, session, storage
from integrations.events import publisher as publishing
from integrations.events.publisher import Publisher
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.events.fake_aws import FakeAws

TABLES = ("events", "pending", "retry", "dead", "settled", "attempts", "activity", "event_types", "pace", "heavy_lanes")


class Stored(NamedTuple):
    """What became of one event of a test, which is always a good one."""

    status: str
    event_id: UUID


@pytest.fixture
def post(store: None, client: Client, api_key: str) -> Callable[..., Any]:
    """Post to /api/v1/events as the SaaS backend does; return the response."""

    def send(body: object, *, content_type: str = "application/json", key: str = api_key, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = f"Bearer {key}"
        return client.post("/api/v1/events", content, content_type=content_type, headers=named)

    return send


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """An AWS that accepts everything until told otherwise."""
    with FakeAws() as server:
        for variable in ("AWS_ENDPOINT_URL_EVENTS", "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_STS"):
            monkeypatch.setenv(variable, server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield server


@pytest.fixture
def committed(transactional_db: None, settings: Any) -> Iterator[None]:
    """Real commits, which other sessions see; the tables of the event path are emptied around the test."""
    details = connection.settings_dict
    settings.DATABASE_URL_DIRECT = make_conninfo(
        host=details["HOST"],
        port=details["PORT"],
        user=details["USER"],
        password=details["PASSWORD"] or None,
        dbname=details["NAME"],
    )
    connection.ensure_connection()
    storage.make_ahead(connection.connection, timezone.now())
    _empty()
    yield
    _empty()


@pytest.fixture
def publisher(committed: None, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A publisher on its own session, which looks at breakers in every round."""
    monkeypatch.setattr(publishing, "SECOND", 0.0)
    with session.open_session() as own, Exchanges() as exchanges:
        yield Publisher(own, exchanges)


@pytest.fixture
def source(publisher: Publisher, tenant: Tenant, make_source: Callable[..., Source]) -> Source:
    """Alder's source, which AWS says is ACTIVE."""
    return make_source(tenant)


@pytest.fixture
def store_events(environment: Environment) -> Callable[..., list[Stored]]:
    """Store events by the use case itself."""

    def store(*events: dict[str, Any]) -> list[Stored]:
        connection.ensure_connection()
        raw = [json.dumps(event).encode() for event in events]
        results = ingest.store_events(connection.connection, environment, raw, timezone.now())
        return [Stored(result.status, UUID(result.event_id or "")) for result in results]

    return store


# Other workers of a test run have databases of their own in the same server.
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


def rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Return what the database says."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def _empty() -> None:
    weeks = [
        name for (name,) in rows("select relname from pg_class where relkind = 'r' and relname like 'idempotency_%%'")
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {', '.join((*TABLES, *weeks))}")


def own_session(settings: Any) -> psycopg.Connection:
    """Another session, as another process would have it."""
    return psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True)
