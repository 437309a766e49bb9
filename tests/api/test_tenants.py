from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from tenants.models import AuditEntry, Tenant
from tests.api.conftest import Call, problem


def test_a_tenant_is_created_once_and_renamed_afterwards(call: Call) -> None:
    first = call("PUT", "/tenants/42", {"name": "Alder Ltd."})
    assert (first.status_code, first.json()["name"], first.json()["tenant"]) == (201, "Alder Ltd.", "42")
    again = call("PUT", "/tenants/42", {"name": "Alder SE"})
    assert (again.status_code, again.json()["name"], again.json()["id"]) == (200, "Alder SE", first.json()["id"])
    assert call("GET", "/tenants/42").json() == again.json()
    assert AuditEntry.objects.get(action="tenant:rename").actor_label == "backend"


@pytest.mark.parametrize("body", [None, {}, {"name": None}])
def test_a_tenant_without_a_name_is_called_by_its_id(call: Call, body: object) -> None:
    assert call("PUT", "/tenants/42", body).json()["name"] == "42"


def test_putting_without_a_name_keeps_the_name(call: Call) -> None:
    call("PUT", "/tenants/42", {"name": "Alder"})
    assert call("PUT", "/tenants/42").json()["name"] == "Alder"


@pytest.mark.parametrize("tenant", ["42", "a b", "ä€🙂", "urn:x:1", "a%2Cb", "?", "#1"])
def test_any_id_that_fits_into_one_path_segment_works(call: Call, tenant: str) -> None:
    assert call("PUT", f"/tenants/{quote(tenant)}").status_code == 201
    assert call("GET", f"/tenants/{quote(tenant)}").json()["tenant"] == tenant


@pytest.mark.parametrize("tenant", ["%00", "a%0Ab", "x" * 129])
def test_an_id_that_cannot_be_used_is_refused_and_never_found(call: Call, tenant: str) -> None:
    problem(call("PUT", f"/tenants/{tenant}"), 422, "tenant_invalid")
    problem(call("GET", f"/tenants/{tenant}"), 404, "tenant_unknown")


@pytest.mark.parametrize("name", ["", "   ", "a\nb"])
def test_a_name_that_nobody_could_read_is_refused(call: Call, name: str) -> None:
    problem(call("PUT", "/tenants/42", {"name": name}), 422, "tenant_invalid")


def test_a_tenant_is_listed_in_pages_that_lead_to_each_other(call: Call) -> None:
    for number in range(5):
        call("PUT", f"/tenants/{number}")
    seen, path = [], "/tenants?limit=2"
    for _ in range(3):
        page = call("GET", path).json()
        seen += [tenant["tenant"] for tenant in page["tenants"]]
        path = f"/tenants?limit=2&after={page['next']}"
    assert seen == ["0", "1", "2", "3", "4"]
    assert page["next"] is None


def test_closed_tenants_and_those_of_other_environments_are_not_listed(call: Call, other_key: str, now: object) -> None:
    call("PUT", "/tenants/closed")
    Tenant.objects.update(closed_at=now)
    call("PUT", "/tenants/foreign", key=other_key)
    call("PUT", "/tenants/own")
    assert [tenant["tenant"] for tenant in call("GET", "/tenants").json()["tenants"]] == ["own"]
    problem(call("GET", "/tenants/closed"), 404, "tenant_unknown")


def test_the_same_id_in_two_environments_is_two_tenants(call: Call, other_key: str) -> None:
    ids = {UUID(call("PUT", "/tenants/42", key=key).json()["id"]) for key in (other_key,)}
    ids.add(UUID(call("PUT", "/tenants/42").json()["id"]))
    assert len(ids) == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=x", "after=%00"])
def test_a_page_that_cannot_be_is_refused_by_the_parameters_name(call: Call, query: str) -> None:
    document = problem(call("GET", f"/tenants?{query}"), 422, "invalid_request")
    assert document["errors"][0]["field"] == query.partition("=")[0]


def test_a_cursor_of_nobody_is_just_a_place_in_the_order(call: Call) -> None:
    call("PUT", "/tenants/42")
    assert call("GET", f"/tenants?after={uuid4()}").status_code == 200


def test_closing_a_tenant_can_be_repeated_and_its_id_is_another_tenant_afterwards(call: Call) -> None:
    first = call("PUT", "/tenants/42").json()["id"]
    for _ in range(2):
        assert call("DELETE", "/tenants/42").status_code == 204
    problem(call("GET", "/tenants/42"), 404, "tenant_unknown")
    assert call("GET", "/tenants").json()["tenants"] == []
    again = call("PUT", "/tenants/42")
    assert again.status_code == 201
    assert again.json()["id"] != first


def test_closing_what_never_was_is_404(call: Call) -> None:
    problem(call("DELETE", "/tenants/42"), 404, "tenant_unknown")


def test_another_environment_cannot_close_a_tenant(call: Call, other_key: str) -> None:
    call("PUT", "/tenants/42")
    problem(call("DELETE", "/tenants/42", key=other_key), 404, "tenant_unknown")
    assert call("GET", "/tenants/42").status_code == 200
