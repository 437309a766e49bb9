"""`manage.py create_integration`."""

import json
from collections.abc import Callable

import pytest

from integrations.registration.models import Environment, Integration
from tenants.models import AuditEntry
from tests.commands.conftest import Said

pytestmark = pytest.mark.django_db
Manage = Callable[..., Said]

TEST = ("--test-namespace", "aws.partner/example.com.test")
PRODUCTION = ("--production-namespace", "aws.partner/example.com")
AWS = ("--publisher-account", "111111111111", "--regions", "eu-west-1,us-east-1")


def test_it_prints_the_ids_of_what_it_created(manage: Manage) -> None:
    said = manage("create_integration", "orders", "Orders", *TEST, *PRODUCTION, *AWS)
    assert said.code == 0
    assert str(Integration.objects.get().public_id) in said.output
    assert all(str(environment.public_id) in said.output for environment in Environment.objects.all())


def test_as_json_it_prints_one_document(manage: Manage) -> None:
    said = manage("create_integration", "orders", "Orders", *TEST, *PRODUCTION, *AWS, "--json")
    environments = {each.kind: each for each in Environment.objects.all()}
    assert json.loads(said.output) == {
        "id": str(Integration.objects.get().public_id),
        "slug": "orders",
        "name": "Orders",
        "environments": [
            {
                "id": str(environments["test"].public_id),
                "kind": "test",
                "namespace": "aws.partner/example.com.test",
                "regions": ["eu-west-1", "us-east-1"],
            },
            {
                "id": str(environments["production"].public_id),
                "kind": "production",
                "namespace": "aws.partner/example.com",
                "regions": ["eu-west-1", "us-east-1"],
            },
        ],
    }


def test_the_integration_gets_its_stages_and_a_line_in_the_audit_log(manage: Manage) -> None:
    manage("create_integration", "orders", *TEST, *AWS)
    assert Integration.objects.get().stages.count() == 4
    assert AuditEntry.objects.get().actor_label == "manage.py create_integration"


def test_options_for_roles_and_receivers_reach_the_environment(manage: Manage) -> None:
    role = "arn:aws:iam::111111111111:role/partnerbus"
    options = ("--role-arn", role, "--external-id", "word", "--receiver-accounts", "222222222222, 333333333333,")
    assert manage("create_integration", "orders", *TEST, *AWS, *options).code == 0
    environment = Environment.objects.get()
    assert (environment.role_arn, environment.external_id) == (role, "word")
    assert environment.receiver_accounts == ["222222222222", "333333333333"]


def test_what_a_script_begins_holds_unless_told_otherwise(manage: Manage) -> None:
    manage("create_integration", "orders", *TEST, *PRODUCTION, *AWS)
    assert {each.gate_policy for each in Environment.objects.all()} == {"hold"}
    shown = ("--test-namespace", "aws.partner/example.org.test")
    manage("create_integration", "shown", *shown, *AWS, "--gate-policy", "send_and_keep")
    assert Environment.objects.get(integration__slug="shown").gate_policy == "send_and_keep"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([*AWS], "at least one environment"),
        ([*TEST, "--publisher-account", "1", "--regions", "eu-west-1"], "12 digits"),
        ([*TEST, "--publisher-account", "111111111111", "--regions", "mars-1"], "mars-1"),
        (["--test-namespace", "aws.partner/example.com", *AWS], ".test"),
        (["--production-namespace", "example.com", *AWS], "aws.partner/"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(manage: Manage, arguments: list[str], word: str) -> None:
    said = manage("create_integration", "orders", *arguments)
    assert said.code == 1
    assert word in said.error
    assert not Integration.objects.exists()


def test_calling_it_twice_says_that_the_integration_exists(manage: Manage) -> None:
    manage("create_integration", "orders", *TEST, *AWS)
    said = manage("create_integration", "orders", *PRODUCTION, *AWS)
    assert (said.code, Integration.objects.count()) == (1, 1)
    assert "already" in said.error


def test_production_is_open_to_tenants_at_once_only_when_that_is_asked_for(manage: Manage) -> None:
    manage("create_integration", "orders", *TEST, *PRODUCTION, *AWS)
    manage("create_integration", "live", "--production-namespace", "aws.partner/example.org", *AWS, "--enabled")
    opened = {(each.integration.slug, each.kind): each.enabled_at is not None for each in Environment.objects.all()}
    assert opened == {("orders", "test"): False, ("orders", "production"): False, ("live", "production"): True}
