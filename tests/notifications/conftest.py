from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from integrations.sources.models import Source, SourceChange
from tenants.models import Membership, Tenant, User
from tests.notifications.mail_server import MailServer


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.NOTIFICATION_GATHER_SECONDS = 0
    yield server
    server.stop()


@pytest.fixture
def ada(tenant: Tenant) -> User:
    """An admin of Alder."""
    user = User.objects.create_user("ada@alder.example")
    Membership.objects.create(user=user, tenant=tenant, role="admin")
    return user


@pytest.fixture
def source(make_source: Callable[..., Source], tenant: Tenant) -> Source:
    return make_source(tenant)


@pytest.fixture
def change(source: Source, now: datetime) -> Callable[..., SourceChange]:
    """Write down what AWS said of Alder's source."""

    def make(before: str, after: str, *, cause: str = "aws", field: str = "observed", **fields: Any) -> SourceChange:
        return SourceChange.objects.create(
            **({"source": source, "at": now} | fields), cause=cause, field=field, before=before, after=after
        )

    return make
