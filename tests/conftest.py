"""What every test of the product may use: a fixed cast, and a store that exists."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from integrations.events import event_types, storage
from integrations.registration.integrations import EnvironmentSettings, create_integration
from integrations.registration.keys import forget_keys, issue_key
from integrations.registration.models import Environment
from integrations.sources.gate import set_gate
from integrations.sources.models import Lane, Source
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import Tenant

SYSTEM = Actor.system("test")

# A busy machine is slower than any deadline, and that is no fault of what is tested.
hypothesis_settings.register_profile("partnerbus", deadline=None)
hypothesis_settings.load_profile("partnerbus")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Playwright keeps an event loop in its thread after its tests: hide it from the others, their fixtures included.

    The publisher could not run its own loop there, and Django keeps another connection for code inside a loop: a test
    whose transaction began before the loop was hidden would commit everything on the connection that it then uses.
    """
    if item.get_closest_marker("browser") is not None:
        return (yield)
    kept = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(kept)


@pytest.fixture(autouse=True)
def _forget_remembered_rows() -> None:
    """Rows of a test are rolled back: what a process remembers of them must go too."""
    event_types._known.clear()
    forget_keys()


@pytest.fixture(autouse=True)
def _open_gates_at_once(settings: Any) -> None:
    """The pause after an activation would make every story ten seconds longer; it has tests of its own."""
    settings.ACTIVATION_PAUSE_SECONDS = 0


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the partitions of these days once for all tests: making them again in each would take a third of the run."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        storage.make_ahead(connection.connection, timezone.now())
        connection.close()


@pytest.fixture
def store(db: None) -> None:
    """Have the partitions of these days, also after midnight."""
    with connection.cursor() as cursor:
        # Begins the test's transaction: psycopg would take its own block for the outermost and commit.
        cursor.execute("select 1")
    storage.make_ahead(connection.connection, timezone.now())


@pytest.fixture
def environment(db: None, now: datetime) -> Environment:
    """The test environment of the integration Shop."""
    return make_environment("shop", now)


@pytest.fixture
def other_environment(db: None, now: datetime) -> Environment:
    """An environment of another integration."""
    return make_environment("other", now)


def make_environment(slug: str, now: datetime) -> Environment:
    settings = EnvironmentSettings(
        kind="test",
        namespace=f"aws.partner/{slug}.example.com.test",
        publisher_account="111111111111",
        regions=["eu-west-1", "us-east-1"],
        gate_policy=Environment.GatePolicy.HOLD,
    )
    integration = create_integration(slug=slug, name=slug.title(), environments=[settings], actor=SYSTEM, now=now)
    return integration.environments.get()


@pytest.fixture
def tenant(environment: Environment, now: datetime) -> Tenant:
    """Tenant Alder, which has no source yet."""
    return put_tenant(directory=environment.directory, external_id="alder", name="Alder", actor=SYSTEM, now=now)[0]


@pytest.fixture
def api_key(environment: Environment, now: datetime) -> str:
    """A key of the environment Shop with every scope."""
    return issue_key(environment=environment, name="backend", actor=SYSTEM, now=now)[1]


@pytest.fixture
def make_source(environment: Environment) -> Callable[..., Source]:
    """Make a source as AWS would show it, without asking AWS."""

    def make(tenant: Tenant, *, label: str = "events", observed: str = "active", **fields: object) -> Source:
        source = Source.objects.create(
            environment=environment,
            tenant=tenant,
            account="222222222222",
            region=fields.pop("region", "eu-west-1"),
            label=label,
            name=f"{environment.namespace}/{tenant.external_id}/{label}",
            observed=observed,
            observed_at=timezone.now(),
            provisioned_at=timezone.now(),
            **fields,
        )
        Lane.objects.create(source=source, environment=environment, region=source.region)
        set_gate(source, environment)
        return source

    return make
