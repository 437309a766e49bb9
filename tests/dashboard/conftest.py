from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client

from integrations.registration.models import Environment
from tests.dashboard.cast import Cast, assemble


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    """Rate limits are counted in the cache of this process."""
    cache.clear()


@pytest.fixture
def cast(environment: Environment, now: datetime, store: None) -> Cast:
    return assemble(environment, now)


@pytest.fixture
def client_of(cast: Cast) -> Callable[[str], Client]:
    """A browser in which a person of this role is signed in."""

    def sign_in(role: str) -> Client:
        client = Client()
        person = cast.people[role]
        if person:
            client.force_login(person)
        return client

    return sign_in
