"""`manage.py create_key`."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.registration.keys import SCOPES, authenticate
from integrations.registration.models import ApiKey
from tenants.models import AuditEntry
from tests.commands.conftest import Said

pytestmark = pytest.mark.django_db
Manage = Callable[..., Said]


@pytest.fixture
def orders(manage: Manage) -> None:
    """An integration with a test environment only."""
    namespace = ("--test-namespace", "aws.partner/example.com.test")
    manage("create_integration", "orders", *namespace, "--publisher-account", "111111111111", "--regions", "eu-west-1")


def test_the_only_thing_on_standard_output_is_a_key_that_works(manage: Manage, orders: None) -> None:
    said = manage("create_key", "orders", "test", "backend")
    caller = authenticate(f"Bearer {said.output.strip()}", now=timezone.now())
    assert (caller.key.name, caller.key.scopes, caller.environment.kind) == ("backend", list(SCOPES), "test")
    assert "only its hash is stored" in said.error


def test_as_json_it_tells_key_scopes_and_expiry(manage: Manage, orders: None) -> None:
    options = ("--scopes", "events:write, tenants:write", "--expires-in-days", "30", "--json")
    document = json.loads(manage("create_key", "orders", "test", "backend", *options).output)
    key = authenticate(f"Bearer {document['key']}", now=timezone.now()).key
    assert document["id"] == str(key.public_id)
    assert document["scopes"] == key.scopes == ["events:write", "tenants:write"]
    assert key.expires_at is not None
    assert document["expires_at"] == key.expires_at.isoformat()
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_a_key_may_be_limited_and_is_not_by_default(manage: Manage, orders: None) -> None:
    limited = json.loads(manage("create_key", "orders", "test", "a", "--events-per-second", "50", "--json").output)
    unlimited = json.loads(manage("create_key", "orders", "test", "b", "--json").output)
    assert (limited["events_per_second"], unlimited["events_per_second"]) == (50, None)
    assert authenticate(f"Bearer {limited['key']}", now=timezone.now()).key.events_per_second == 50
    told = (
        AuditEntry.objects.filter(action="key:issue").order_by("id").values_list("after__events_per_second", flat=True)
    )
    assert list(told) == [50, None]


def test_an_unknown_environment_is_answered_with_those_there_are(manage: Manage, orders: None) -> None:
    said = manage("create_key", "orders", "production", "backend")
    assert said.code == 1
    assert "orders test" in said.error


def test_without_any_environment_it_says_how_to_create_one(manage: Manage) -> None:
    said = manage("create_key", "orders", "test", "backend")
    assert said.code == 1
    assert "create_integration" in said.error


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["backend", "--scopes", "events:eat"], "events:eat"),
        (["backend", "--scopes", ","], "at least one scope"),
        (["backend", "--expires-in-days", "0"], "1 to"),
        (["backend", "--expires-in-days", "99999999"], "1 to"),
        (["backend", "--events-per-second", "0"], "1 to"),
        (["backend", "--events-per-second", "-5"], "1 to"),
        (["backend", "--events-per-second", "1000001"], "1 to"),
        ([" "], "name"),
        (["x" * 101], "name"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(
    manage: Manage, orders: None, arguments: list[str], word: str
) -> None:
    said = manage("create_key", "orders", "test", *arguments)
    assert said.code == 1
    assert word in said.error
    assert not ApiKey.objects.exists()
