"""Registering integrations."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from integrations.aws.limits import LimitError
from integrations.problems import Problem
from integrations.registration.integrations import EnvironmentSettings, create_integration
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor
from tenants.models import AuditEntry, Directory

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def create(slug: str, *environments: EnvironmentSettings) -> Integration:
    return create_integration(
        slug=slug, name=slug.title(), environments=environments, actor=Actor.system("test"), now=NOW
    )


def settings(namespace: str, kind: str = "test", **fields: object) -> EnvironmentSettings:
    given: dict[str, object] = {"publisher_account": "111111111111", "regions": ["eu-west-1"], **fields}
    return EnvironmentSettings(kind, namespace, **given)  # type: ignore[arg-type]


def test_each_environment_has_a_directory_of_its_own(integration: Integration) -> None:
    directories = {environment.directory.name for environment in integration.environments.all()}
    assert directories == {"Orders (test)", "Orders (production)"}


def test_an_environment_keeps_what_was_registered_with_aws() -> None:
    role = "arn:aws:iam::111111111111:role/partnerbus"
    given = settings(
        "aws.partner/example.com.test", role_arn=role, external_id="word", receiver_accounts=("222222222222",)
    )
    environment = create("orders", given).environments.get()
    assert (environment.role_arn, environment.external_id) == (role, "word")
    assert (environment.receiver_accounts, environment.regions) == (["222222222222"], ["eu-west-1"])
    assert (environment.gate_policy, environment.enabled_at) == ("send_and_keep", None)


@pytest.mark.parametrize(
    ("namespace", "kind"),
    [
        ("", "test"),
        ("example.com.test", "test"),
        ("AWS.partner/example.com.test", "test"),
        ("aws.partner/example.com", "test"),
        ("aws.partner/example.com.test", "production"),
        ("aws.partner/", "production"),
        ("aws.partner/example", "production"),
        ("aws.partner/example.com/", "production"),
        ("aws.partner/exa mple.com", "production"),
        ("aws.partner/example.com\n", "production"),
    ],
)
def test_a_namespace_that_aws_would_not_register_is_refused(namespace: str, kind: str) -> None:
    with pytest.raises(LimitError):
        create("orders", settings(namespace, kind))
    assert not Integration.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"publisher_account": "1111"},
        {"publisher_account": "1111-1111-1111"},
        {"receiver_accounts": ["222222222222", "x"]},
        {"regions": ["eu-west-1", "mars-north-1"]},
    ],
)
def test_an_account_or_a_region_that_aws_does_not_have_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(LimitError):
        create("orders", settings("aws.partner/example.com.test", **fields))
    assert not Directory.objects.exists()


def test_a_slug_is_taken_once(integration: Integration) -> None:
    with pytest.raises(Problem) as refusal:
        create("orders", settings("aws.partner/example.org.test"))
    assert (refusal.value.status, refusal.value.code) == (409, "integration_exists")


def test_a_namespace_is_taken_once_and_nothing_of_the_second_integration_stays(integration: Integration) -> None:
    with pytest.raises(Problem) as refusal:
        create("billing", settings("aws.partner/example.org.test"), settings("aws.partner/example.com", "production"))
    assert (refusal.value.status, refusal.value.code) == (409, "namespace_taken")
    assert Integration.objects.count() == 1
    assert Directory.objects.count() == 2
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": "aws.partner/"},
        {"namespace": "aws.partner/example.net"},  # a test namespace without .test
        {"namespace": "aws.partner/example.com"},  # the production environment's
        {"kind": "production"},
        {"publisher_account": "12345"},
    ],
)
def test_the_database_itself_refuses_a_wrong_environment(environment: Environment, change: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Environment.objects.filter(pk=environment.pk).update(**change)
