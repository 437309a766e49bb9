"""Hand-off links over HTTP."""

from collections.abc import Callable

from django.test import Client

from integrations.sources.models import Source
from tenants.models import Tenant
from tests.api.conftest import Call, problem

MakeSource = Callable[..., Source]


def test_a_link_is_made_listed_opened_and_revoked(call: Call, tenant: Tenant, make_source: MakeSource) -> None:
    path = f"/tenants/alder/sources/{make_source(tenant, observed='pending').public_id}/hand-off-links"
    made = call("POST", path)
    assert made.status_code == 201
    link = made.json()
    address = "/" + link["url"].split("/", 3)[3]
    assert Client().get(address).status_code == 200
    (listed,) = call("GET", path).json()["links"]
    assert "url" not in listed
    assert listed["id"] == link["id"]
    assert listed["opened_at"] is not None
    assert call("DELETE", f"{path}/{link['id']}").status_code == 204
    assert Client().get(address).status_code == 404
    assert call("GET", path).json() == {"links": []}


def test_links_of_others_are_unknown(
    call: Call, other_key: str, tenant: Tenant, make_source: MakeSource, key_with: Callable[..., str]
) -> None:
    first, second = make_source(tenant, observed="pending"), make_source(tenant, label="more", observed="pending")
    path = "/tenants/alder/sources/{}/hand-off-links"
    link = call("POST", path.format(first.public_id)).json()["id"]
    problem(call("DELETE", f"{path.format(second.public_id)}/{link}"), 404, "hand_off_link_unknown")
    problem(call("POST", path.format(first.public_id), key=other_key), 404, "tenant_unknown")
    problem(call("POST", path.format(first.public_id), key=key_with("sources:read")), 403, "scope_missing")
