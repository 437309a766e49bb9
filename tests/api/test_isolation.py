"""Every address, called by those who may not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from integrations.registration.keys import forget_keys
from integrations.registration.models import ApiKey
from tenants.models import Tenant, User
from tests.api.conftest import Call, problem

OFFER = {"account": "222222222222", "region": "eu-west-1"}
CALLS = [
    ("PUT", "/tenants/alder", {"name": "Taken over"}, "tenants:write"),
    ("GET", "/tenants/alder", None, "tenants:read"),
    ("DELETE", "/tenants/alder", None, "tenants:write"),
    ("GET", "/tenants", None, "tenants:read"),
    ("POST", "/tenants/alder/sources", OFFER, "sources:write"),
    ("GET", "/tenants/alder/sources", None, "sources:read"),
    ("GET", "/tenants/alder/sources/{source}", None, "sources:read"),
    ("PATCH", "/tenants/alder/sources/{source}", {"drain_rate": 5}, "sources:write"),
    ("DELETE", "/tenants/alder/sources/{source}", None, "sources:write"),
    ("POST", "/tenants/alder/sources/{source}/pause", None, "sources:write"),
    ("POST", "/tenants/alder/sources/{source}/resume", None, "sources:write"),
    ("POST", "/tenants/alder/sources/{source}/test-event", None, "sources:write"),
    ("POST", "/tenants/alder/sources/{source}/succession", {"label": "x", "dry_run": True}, "sources:write"),
]
every_call = pytest.mark.parametrize(("method", "path", "body", "scope"), CALLS)


@pytest.fixture
def source_id(call: Call, tenant: Tenant, store: None) -> str:
    return str(call("POST", "/tenants/alder/sources", OFFER).json()["id"])


@every_call
@pytest.mark.parametrize("key", [None, "", "nonsense", "pb_test_unknown_secret", "pb_test_\x7f_x"])
def test_without_a_valid_key_every_call_is_401(
    call: Call, source_id: str, method: str, path: str, body: Any, scope: str, key: str | None
) -> None:
    answer = call(method, path.format(source=source_id), body, key=key)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"


@every_call
def test_a_key_without_the_scope_is_403_whatever_else_is_wrong(
    call: Call, key_with: Callable[..., str], source_id: str, method: str, path: str, body: Any, scope: str
) -> None:
    others = {one for _, _, _, one in CALLS} - {scope}
    key = key_with(*others)
    assert problem(call(method, path.format(source=source_id), body, key=key), 403, "scope_missing")["scope"] == scope
    problem(call(method, path.format(source=source_id), b"{broken", key=key), 403, "scope_missing")


@every_call
def test_the_scope_alone_is_enough(
    call: Call, key_with: Callable[..., str], source_id: str, method: str, path: str, body: Any, scope: str
) -> None:
    assert call(method, path.format(source=source_id), body, key=key_with(scope)).status_code in (200, 201, 202, 204)


@every_call
def test_a_tenant_of_another_environment_is_404_or_not_there(
    call: Call, other_key: str, source_id: str, tenant: Tenant, method: str, path: str, body: Any, scope: str
) -> None:
    answer = call(method, path.format(source=source_id), body, key=other_key)
    if path == "/tenants":
        assert answer.json()["tenants"] == []
    elif method == "PUT":
        assert answer.status_code == 201  # its own tenant of that id
        tenant.refresh_from_db()
        assert tenant.name == "Alder"
    else:
        problem(answer, 404, "tenant_unknown")


def test_a_source_of_another_tenant_is_404(call: Call, source_id: str) -> None:
    call("PUT", "/tenants/birch")
    problem(call("GET", f"/tenants/birch/sources/{source_id}"), 404, "source_unknown")


@pytest.mark.parametrize(
    ("change", "code"), [({"revoked_at": timedelta(0)}, "key_revoked"), ({"expires_at": timedelta(0)}, "key_expired")]
)
def test_a_key_that_ended_is_401(call: Call, now: datetime, change: dict[str, timedelta], code: str) -> None:
    call("GET", "/tenants")
    ApiKey.objects.update(**{field: now + delay for field, delay in change.items()})
    forget_keys()
    problem(call("GET", "/tenants"), 401, code)


def test_a_session_opens_nothing(db: None, client: Client) -> None:
    client.force_login(User.objects.create_user("ops@shop.test", is_superuser=True))
    problem(client.get("/api/v1/tenants"), 401, "key_missing")
