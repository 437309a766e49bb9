"""An integration at its beginning and the people around it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import User
from tests.onboarding.mail_server import MailServer
from tests.onboarding.proof_stories import Case
from tests.sources.conftest import aws as aws
from tests.sources.conftest import shared_sandbox as shared_sandbox

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
SYSTEM = Actor.system("test")
TEST = EnvironmentSettings(
    "test",
    "aws.partner/example.com.test",
    "111111111111",
    ["eu-west-1", "us-east-1"],
    receiver_accounts=["222222222222"],
)
PRODUCTION = EnvironmentSettings("production", "aws.partner/example.com", "111111111111", ["eu-west-1"])


@pytest.fixture
def integration(db: None) -> Integration:
    return begin_integration(slug="orders", name="Orders", environments=[TEST, PRODUCTION], actor=SYSTEM, now=NOW)


@pytest.fixture
def manager(db: None) -> Actor:
    return Actor.person(User.objects.create_user("manager@example.com", staff_role="manager"))


@pytest.fixture
def mail_server(settings: object) -> Iterator[MailServer]:
    """A mail server on loopback, to which the product's mailer is pointed."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield server


@pytest.fixture
def case(integration: Integration, now: datetime) -> Case:
    return Case(integration, now)
