from typing import Any

import pytest
from django.utils import timezone

from integrations.sources.models import Source
from integrations.sources.reserve import reserve_for
from tenants.models import Tenant
from tests.api.conftest import Call, problem

NOBODYS = "01900000-0000-7000-8000-000000000000"
OFFER = {"account": "222222222222", "region": "eu-west-1"}


@pytest.fixture(autouse=True)
def _alder(tenant: Tenant, store: None) -> None:
    """Tenant Alder exists, and so do the queues that are counted."""


def test_an_offer_is_answered_at_once_with_its_name(call: Call) -> None:
    answer = call("POST", "/tenants/alder/sources", OFFER)
    source = answer.json()
    assert answer.status_code == 202
    assert (source["state"], source["desired"], source["observed"]) == ("requested", "present", "unknown")
    assert source["name"].endswith("/events")
    assert source["arn"] == f"arn:aws:events:eu-west-1::event-source/{source['name']}"
    assert (source["tenant"], source["label"], source["event_types"], source["failure"]) == (
        "alder",
        "events",
        None,
        None,
    )
    counters = ("waiting", "held", "dead", "oldest_waiting_at", "last_accepted_at")
    assert [source[counter] for counter in counters] == [0, 0, 0, None, None]


def test_the_same_offer_again_is_200_and_the_same_source(call: Call) -> None:
    first = call("POST", "/tenants/alder/sources", OFFER).json()
    again = call("POST", "/tenants/alder/sources", OFFER)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_another_selection_under_the_same_label_is_409(call: Call) -> None:
    call("POST", "/tenants/alder/sources", OFFER)
    problem(call("POST", "/tenants/alder/sources", OFFER | {"event_types": ["a"]}), 409, "label_taken")


def test_sources_are_listed_and_read(call: Call) -> None:
    ids = [call("POST", "/tenants/alder/sources", OFFER | {"label": label}).json()["id"] for label in ("a", "b")]
    listed = call("GET", "/tenants/alder/sources").json()["sources"]
    assert [source["id"] for source in listed] == ids
    assert call("GET", f"/tenants/alder/sources/{ids[1]}").json() == listed[1]


def test_a_tenant_without_sources_has_an_empty_list_even_with_a_reserve(call: Call, tenant: Tenant) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve is not None
    assert call("GET", "/tenants/alder/sources").json() == {"sources": []}
    problem(call("GET", f"/tenants/alder/sources/{reserve.public_id}"), 404, "source_unknown")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account": "1234 5678 9012"}, "invalid_account"),
        ({"account": "12345678901"}, "invalid_account"),
        ({"region": "mars-north-1"}, "region_unknown"),
        ({"region": "ap-southeast-2"}, "region_not_allowed"),
        ({"label": "a/b"}, "invalid_label"),
        ({"event_types": []}, "event_types_invalid"),
        ({"event_types": ["x" * 129]}, "event_types_invalid"),
        ({"pattern": {}}, "pattern_invalid"),
        ({"pattern": {"detail": {"a": [{"prefix": 1}]}}}, "pattern_invalid"),
    ],
)
def test_an_offer_that_aws_would_refuse_is_refused_at_once(call: Call, change: dict[str, Any], code: str) -> None:
    problem(call("POST", "/tenants/alder/sources", OFFER | change), 422, code)


def test_a_forbidden_region_names_the_allowed_ones(call: Call) -> None:
    answer = call("POST", "/tenants/alder/sources", OFFER | {"region": "ap-southeast-2"})
    assert problem(answer, 422, "region_not_allowed")["allowed"] == ["eu-west-1", "us-east-1"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"region": "eu-west-1"}, "account"),
        ({"account": 222222222222, "region": "eu-west-1"}, "account"),
        (OFFER | {"event_types": "order.created"}, "event_types"),
        (OFFER | {"event_types": [1]}, "event_types.0"),
        (OFFER | {"pattern": []}, "pattern"),
        (OFFER | {"account": "1" * 101}, "account"),
    ],
)
def test_a_body_of_the_wrong_shape_is_422_naming_the_field(call: Call, body: Any, field: str) -> None:
    document = problem(call("POST", "/tenants/alder/sources", body), 422, "invalid_request")
    assert document["errors"][0]["field"] == field
    assert document["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize("wait", ["21", "-1", "nan", "soon"])
def test_a_wait_that_nobody_should_keep_a_worker_for_is_refused(call: Call, wait: str) -> None:
    problem(call("POST", f"/tenants/alder/sources?wait={wait}", OFFER), 422, "invalid_request")


def test_waiting_ends_without_an_answer_when_the_time_is_over(call: Call) -> None:
    assert call("POST", "/tenants/alder/sources?wait=0.3", OFFER).json()["state"] == "requested"


def test_an_answered_source_shows_awss_word_and_its_age(call: Call) -> None:
    source = call("POST", "/tenants/alder/sources", OFFER).json()
    asked_at = timezone.now()
    Source.objects.update(observed="pending", observed_at=asked_at, provisioned_at=asked_at, expires_at=asked_at)
    shown = call("GET", f"/tenants/alder/sources/{source['id']}").json()
    assert (shown["state"], shown["observed"]) == ("pending", "pending")
    assert shown["observed_at"] == shown["expires_at"]


@pytest.mark.parametrize(("final", "state"), [(True, "failed"), (False, "requested")])
def test_a_failure_is_shown_with_the_next_step(call: Call, final: bool, state: str) -> None:
    call("POST", "/tenants/alder/sources", OFFER)
    Source.objects.update(failure_code="LimitExceededException", failure_message="Too many.", failure_final=final)
    (source,) = call("GET", "/tenants/alder/sources").json()["sources"]
    assert source["state"] == state
    assert (source["failure"]["code"], source["failure"]["message"]) == ("LimitExceededException", "Too many.")
    assert source["failure"]["final"] is final
    assert ("not tried again" in source["failure"]["next_step"]) is final


@pytest.mark.parametrize("tenant", ["nobody", "%00"])
def test_an_unknown_tenant_is_404_for_every_call(call: Call, tenant: str) -> None:
    problem(call("POST", f"/tenants/{tenant}/sources", OFFER), 404, "tenant_unknown")
    problem(call("GET", f"/tenants/{tenant}/sources"), 404, "tenant_unknown")
    problem(call("GET", f"/tenants/{tenant}/sources/{NOBODYS}"), 404, "tenant_unknown")


@pytest.mark.parametrize("source", [NOBODYS, "nonsense", "%00", "1"])
def test_an_unknown_source_is_404(call: Call, source: str) -> None:
    problem(call("GET", f"/tenants/alder/sources/{source}"), 404, "source_unknown")
