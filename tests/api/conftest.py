import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.registration.keys import issue_key
from integrations.registration.models import Environment
from tests.conftest import SYSTEM

Call = Callable[..., Any]


@pytest.fixture
def call(api_key: str) -> Call:
    """Call the API as the backend of Shop; `key` of None sends no header at all."""

    def send(method: str, path: str, body: Any = None, *, key: str | None = api_key, **more: Any) -> Any:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        return client.generic(method, f"/api/v1{path}", data, "application/json", headers=headers, **more)

    return send


@pytest.fixture
def other_key(other_environment: Environment) -> str:
    """A key of another integration's environment, with every scope."""
    return issue_key(environment=other_environment, name="other", actor=SYSTEM, now=timezone.now())[1]


@pytest.fixture
def key_with(environment: Environment) -> Callable[..., str]:
    def issue(*scopes: str) -> str:
        return issue_key(environment=environment, name="narrow", scopes=scopes, actor=SYSTEM, now=timezone.now())[1]

    return issue


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer is the problem document with this status and code, and return it."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    document = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code), document
    assert len(document["detail"]) > 20
    return document
