"""Why a tenant gets no events, over HTTP and on the page of staff."""

from collections.abc import Callable

from django.test import Client

from integrations.sources.models import Source
from tenants.models import Tenant, User
from tests.api.conftest import Call, problem
from tests.dashboard.pages import store_event

MakeSource = Callable[..., Source]


def test_the_api_answers_with_the_checks_and_the_first_problem(
    call: Call, tenant: Tenant, make_source: MakeSource, store: None
) -> None:
    source = make_source(tenant, observed="pending")
    store_event(tenant, source)
    call("GET", "/tenants")  # the key is in use from here on
    answer = call("GET", "/tenants/alder/diagnosis").json()
    assert (answer["decisive"], answer["action"], answer["source"]) == ("said", "hand_off", str(source.public_id))
    assert [check["key"] for check in answer["checks"]][:4] == ["key", "posted", "offered", "selected"]


def test_it_answers_nobody_else(call: Call, other_key: str, tenant: Tenant, key_with: Callable[..., str]) -> None:
    problem(call("GET", "/tenants/alder/diagnosis", key=other_key), 404, "tenant_unknown")
    problem(call("GET", "/tenants/alder/diagnosis", key=key_with("events:write")), 403, "scope_missing")


def test_staff_see_one_sentence_and_every_check(tenant: Tenant, make_source: MakeSource, store: None) -> None:
    store_event(tenant, make_source(tenant))
    client = Client()
    client.force_login(User.objects.create_user("support@example.com", staff_role="support"))
    page = client.get(f"/operators/tenants/{tenant.public_id}/diagnosis").content.decode()
    assert "There is no valid API key" in page
    assert page.count('aria-current="step"') == 1
    assert page.count("<li class=") >= 10
