from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from integrations.registration.models import Environment
from integrations.sources.creation import create_source
from integrations.sources.models import Source
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import Tenant
from tests.aws.scripted_aws import ScriptedAws
from tests.sandbox.started import Sandbox, World
from tests.sources.aws_side import endpoint

BACKEND = Actor.system("backend")
ALDER_ACCOUNT = "222222222222"


@pytest.fixture(autouse=True)
def _own_locks(settings: Any) -> None:
    """The sweep's session goes to the test database: advisory locks belong to one, and tests run side by side."""
    settings.DATABASE_URL_DIRECT = make_conninfo(settings.DATABASE_URL_DIRECT, dbname=connection.settings_dict["NAME"])


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def aws(shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The simulator, empty, behind the gateway."""
    shared_sandbox.private("POST", "reset")
    with endpoint(monkeypatch, shared_sandbox.url):
        yield World(shared_sandbox)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    """An endpoint behind the gateway that answers exactly what a test says."""
    server = ScriptedAws()
    with endpoint(monkeypatch, server.url):
        yield server
    server.close()


@pytest.fixture
def offer(tenant: Tenant) -> Callable[..., Source]:
    """Create a source of Alder's, as the API would."""

    def make(**fields: Any) -> Source:
        wanted = {"account": ALDER_ACCOUNT, "region": "eu-west-1", "actor": BACKEND, "now": timezone.now()} | fields
        return create_source(tenant=wanted.pop("tenant", tenant), **wanted)[0]

    return make


@pytest.fixture
def make_due() -> Callable[[Source], None]:
    def make(source: Source, at: datetime | None = None) -> None:
        Source.objects.filter(pk=source.pk).update(due_at=at or timezone.now())

    return make


@pytest.fixture
def make_tenant() -> Callable[..., Tenant]:
    def make(environment: Environment, external_id: str = "birch") -> Tenant:
        named = {"external_id": external_id, "name": external_id.title()}
        return put_tenant(directory=environment.directory, **named, actor=BACKEND, now=timezone.now())[0]

    return make
