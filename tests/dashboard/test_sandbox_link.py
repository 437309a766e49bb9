"""The way from the sidebar to the simulator's console."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

ClientOf = Callable[[str], Client]


@pytest.mark.django_db
def test_staff_are_led_to_the_console_while_the_simulator_plays_aws(
    client_of: Callable[[str], Client], settings: Settings
) -> None:
    settings.SANDBOX, settings.SANDBOX_URL = True, "http://127.0.0.1:4566"
    support = client_of("support")
    assert "/operators/sandbox" in support.get("/operators/").content.decode()
    assert support.get("/operators/sandbox")["Location"] == "http://127.0.0.1:4566/_sandbox/"


@pytest.mark.django_db
def test_on_real_aws_there_is_no_such_way(client_of: ClientOf, settings: Settings) -> None:
    settings.SANDBOX, settings.SANDBOX_URL = False, ""
    support = client_of("support")
    assert "/operators/sandbox" not in support.get("/operators/").content.decode()
    assert support.get("/operators/sandbox").status_code == 404
