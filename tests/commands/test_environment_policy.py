"""`manage.py environment_policy`."""

import json
from collections.abc import Callable

import pytest

from integrations.registration.models import Environment
from tenants.models import AuditEntry
from tests.commands.conftest import Said

pytestmark = pytest.mark.django_db
Manage = Callable[..., Said]
SHOP = ("environment_policy", "shop", "test")


def test_without_options_it_shows_what_is_set(manage: Manage, environment: Environment) -> None:
    assert manage(*SHOP).output.split("\n")[:2] == ["retention days: 30", "hold limit days: 14"]
    assert json.loads(manage(*SHOP, "--json").output) == {
        "retention_days": 30,
        "hold_limit_days": 14,
        "gate_policy": "hold",
        "expiry_renewals": 0,
    }
    assert not AuditEntry.objects.filter(action="environment:set_policies").exists()


def test_what_is_given_changes_and_is_audited_and_nothing_else(
    manage: Manage, environment: Environment, other_environment: Environment
) -> None:
    said = manage(*SHOP, "--retention-days", "60")
    environment.refresh_from_db()
    other_environment.refresh_from_db()
    assert (environment.retention_days, environment.hold_limit_days) == (60, 14)
    assert other_environment.retention_days == 30
    assert said.error == ""
    (entry,) = AuditEntry.objects.filter(action="environment:set_policies")
    assert (entry.before, entry.after) == ({"retention_days": 30}, {"retention_days": 60})
    assert entry.object_id == str(environment.public_id)


def test_a_shorter_retention_is_warned_of(manage: Manage, environment: Environment) -> None:
    said = manage(*SHOP, "--retention-days", "7", "--hold-limit-days", "3")
    assert "prune --dry-run" in said.error
    environment.refresh_from_db()
    assert (environment.retention_days, environment.hold_limit_days) == (7, 3)


def test_setting_it_again_changes_and_audits_nothing(manage: Manage, environment: Environment) -> None:
    for _ in range(2):
        manage(*SHOP, "--hold-limit-days", "3")
    assert AuditEntry.objects.filter(action="environment:set_policies").count() == 1


@pytest.mark.parametrize(
    ("option", "days", "word"),
    [
        ("--retention-days", "0", "retention is 1 to 3650"),
        ("--retention-days", "3651", "retention is 1 to 3650"),
        ("--hold-limit-days", "0", "hold limit is 1 to 365"),
        ("--hold-limit-days", "-4", "hold limit is 1 to 365"),
        ("--hold-limit-days", "366", "hold limit is 1 to 365"),
    ],
)
def test_a_number_out_of_bounds_is_one_sentence(
    manage: Manage, environment: Environment, option: str, days: str, word: str
) -> None:
    said = manage(*SHOP, f"{option}={days}")
    assert said.code == 1
    assert word in said.error
    environment.refresh_from_db()
    assert (environment.retention_days, environment.hold_limit_days) == (30, 14)


def test_an_unknown_environment_is_answered_with_those_there_are(manage: Manage, environment: Environment) -> None:
    said = manage("environment_policy", "shop", "production")
    assert said.code == 1
    assert "shop test" in said.error


def test_the_gate_policy_is_changed(manage: Manage, environment: Environment) -> None:
    assert "gate policy: send_and_keep" in manage(*SHOP, "--gate-policy", "send_and_keep").output
    environment.refresh_from_db()
    assert environment.gate_policy == "send_and_keep"
    assert AuditEntry.objects.filter(action="environment:set_gate_policy").count() == 1


def test_expired_offers_can_be_made_again_by_themselves_a_bounded_number_of_times(
    manage: Manage, environment: Environment
) -> None:
    assert "expiry renewals: 3" in manage(*SHOP, "--expiry-renewals", "3").output
    assert "0 to 100" in manage(*SHOP, "--expiry-renewals", "101").error
    environment.refresh_from_db()
    assert environment.expiry_renewals == 3
