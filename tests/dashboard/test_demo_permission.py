"""The demo world, whose passwords are public, may be loaded only where nobody else can sign in."""

import pytest
from pytest_django.fixtures import Settings

from dashboard.demo import DemoRefused
from dashboard.demo.permission import simulator_address


@pytest.fixture(autouse=True)
def _simulator(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SANDBOX = True
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", "http://127.0.0.1:4566/")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://127.0.0.2:8000", "http://[::1]:8000", "http://localhost:8000"]
)
def test_every_loopback_address_will_do(settings: Settings, url: str) -> None:
    settings.PUBLIC_URL = url
    assert simulator_address() == "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "url", ["https://partnerbus.example.com", "http://10.0.0.5:8000", "http://127.0.0.1.example.com", "http://[::]", ""]
)
def test_every_other_address_is_refused(settings: Settings, url: str) -> None:
    settings.PUBLIC_URL = url
    with pytest.raises(DemoRefused, match="PUBLIC_URL"):
        simulator_address()
