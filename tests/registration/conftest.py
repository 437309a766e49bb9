from datetime import UTC, datetime

import pytest

from integrations.registration.integrations import EnvironmentSettings, create_integration
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def integration(db: None) -> Integration:
    """An integration with both environments."""
    return create_integration(
        slug="orders",
        name="Orders",
        environments=[
            EnvironmentSettings("test", "aws.partner/example.com.test", "111111111111", ["eu-west-1"]),
            EnvironmentSettings("production", "aws.partner/example.com", "111111111111", ["eu-west-1"]),
        ],
        actor=Actor.system("test"),
        now=NOW,
    )


@pytest.fixture
def environment(integration: Integration) -> Environment:
    """Its test environment."""
    return integration.environments.get(kind="test")
