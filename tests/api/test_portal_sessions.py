from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from integrations.registration.keys import SCOPES
from tenants.models import AuditEntry, PortalSession, Tenant
from tests.api.conftest import Call, problem

LINKS = "/tenants/alder/portal-sessions"


def path_of(url: str) -> str:
    assert url.startswith("http://127.0.0.1:8000/portal-link/")
    return url.removeprefix("http://127.0.0.1:8000")


def test_a_link_leads_into_the_portal_of_its_tenant_and_leaves_no_token_in_the_address(
    call: Call, tenant: Tenant, store: None
) -> None:
    made = call("POST", LINKS, {"role": "admin", "email": "ada@alder.example", "name": "Ada"})
    assert (made.status_code, made.json()["role"], made.json()["tenant"]) == (201, "admin", "alder")
    browser = Client()
    came = browser.get(path_of(made.json()["url"]))
    assert (came.status_code, came["Location"]) == (302, f"/portal/{tenant.public_id}/")
    assert came["Referrer-Policy"] == "no-referrer"
    assert "no-store" in came["Cache-Control"]
    cookie = came.cookies["partnerbus_portal"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/portal/{tenant.public_id}", True, "Lax")
    assert browser.get(came["Location"]).status_code == 200
    opened = AuditEntry.objects.get(action="portal_session:open")
    assert opened.actor_label == "ada@alder.example (from backend)"
    assert opened.tenant_id == tenant.pk


def test_neither_the_link_nor_the_cookie_is_stored(call: Call, tenant: Tenant) -> None:
    url = call("POST", LINKS).json()["url"]
    secret = Client().get(path_of(url)).cookies["partnerbus_portal"].value
    row = PortalSession.objects.values().get()
    token = url.rpartition("/")[2]
    stored = [bytes(each) if isinstance(each, memoryview) else str(each).encode() for each in row.values()]
    assert not any(token.encode() in each or secret.encode() in each for each in stored)
    assert token not in str(list(AuditEntry.objects.values()))


def test_without_a_body_it_is_a_viewer(call: Call, tenant: Tenant) -> None:
    assert call("POST", LINKS).json()["role"] == "viewer"


@pytest.mark.parametrize("body", [{"role": "owner"}, {"email": "nobody"}, {"name": "a\nb"}, {"mail": "a@b.example"}])
def test_what_cannot_be_understood_makes_no_link(call: Call, tenant: Tenant, body: object) -> None:
    assert call("POST", LINKS, body).status_code == 422
    assert not PortalSession.objects.exists()


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        ("viewer", "tenants:write"),
        ("viewer", "events:read"),
        ("viewer", "sources:read"),
        ("admin", "events:replay"),
        ("admin", "sources:write"),
    ],
)
def test_nobody_sees_or_does_by_a_link_what_its_key_may_not(
    call: Call, key_with: Callable[..., str], tenant: Tenant, role: str, missing: str
) -> None:
    key = key_with(*(set(SCOPES) - {missing}))
    assert problem(call("POST", LINKS, {"role": role}, key=key), 403, "scope_missing")["scope"] == missing
    assert not PortalSession.objects.exists()


def test_a_viewer_is_let_in_by_a_key_that_only_reads(
    call: Call, key_with: Callable[..., str], tenant: Tenant, other_key: str
) -> None:
    assert call("POST", LINKS, key=key_with("tenants:write", "events:read", "sources:read")).status_code == 201
    problem(call("POST", LINKS, key=other_key), 404, "tenant_unknown")
    problem(call("POST", LINKS, key=None), 401, "key_missing")


def test_a_link_that_was_ended_opens_nothing(call: Call, tenant: Tenant) -> None:
    made = call("POST", LINKS).json()
    assert call("DELETE", f"{LINKS}/{made['id']}").status_code == 204
    assert call("DELETE", f"{LINKS}/{made['id']}").status_code == 204
    assert Client().get(path_of(made["url"])).status_code == 410


def test_ending_takes_the_session_from_whoever_is_in_it(call: Call, tenant: Tenant, store: None) -> None:
    made = call("POST", LINKS).json()
    browser = Client()
    inside = browser.get(path_of(made["url"]))["Location"]
    assert browser.get(inside).status_code == 200
    call("DELETE", f"{LINKS}/{made['id']}")
    assert browser.get(inside)["Location"] == "/portal-over"


def test_another_tenants_session_cannot_be_ended(call: Call, tenant: Tenant) -> None:
    made = call("POST", LINKS).json()
    call("PUT", "/tenants/birch")
    problem(call("DELETE", f"/tenants/birch/portal-sessions/{made['id']}"), 404, "portal_session_unknown")
    problem(call("DELETE", f"{LINKS}/{uuid4()}"), 404, "portal_session_unknown")
    assert Client().get(path_of(made["url"])).status_code == 302
