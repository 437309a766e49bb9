"""`manage.py maintenance`."""

from collections.abc import Callable

import pytest

from integrations.registration.models import Environment, Maintenance
from tests.commands.conftest import Said

pytestmark = pytest.mark.django_db
Manage = Callable[..., Said]
SHOP = ("maintenance", "shop", "test")


def test_a_region_is_held_shown_and_let_flow_again(manage: Manage, environment: Environment) -> None:
    said = manage(*SHOP, "eu-west-1", "on", "--note", "AWS works there").output
    assert "is held from now on" in said
    assert "AWS works there" in manage(*SHOP).output
    assert Maintenance.objects.get().actor_label == "manage.py maintenance"
    assert "flow again" in manage(*SHOP, "eu-west-1", "off").output
    assert "Nothing was held" in manage(*SHOP, "eu-west-1", "off").output
    assert not Maintenance.objects.exists()


def test_a_foreign_region_is_refused(manage: Manage, environment: Environment) -> None:
    assert "Its regions" in manage(*SHOP, "mars-1", "on").error
