"""What a backend can do with a source over the API."""

from typing import Any
from uuid import UUID

import pytest

from integrations.sources.models import Source
from tenants.models import AuditEntry, Tenant
from tests.api.conftest import Call, problem
from tests.api.test_sources import NOBODYS, OFFER


@pytest.fixture
def path(call: Call, tenant: Tenant, store: None) -> str:
    """Where Alder's source is, which AWS says is ACTIVE."""
    identifier = call("POST", "/tenants/alder/sources", OFFER).json()["id"]
    Source.objects.filter(public_id=identifier).update(observed="active", provisioned_at="2026-11-01T00:00Z")
    return f"/tenants/alder/sources/{identifier}"


def test_a_change_changes_only_what_it_names(call: Call, path: str) -> None:
    changed = call("PATCH", path, {"event_types": ["a", "b"], "drain_rate": 50}).json()
    assert (changed["event_types"], changed["pattern"], changed["drain_rate"]) == (["a", "b"], None, 50)
    changed = call("PATCH", path, {"pattern": {"source": ["x"]}}).json()
    assert (changed["event_types"], changed["pattern"], changed["drain_rate"]) == (["a", "b"], {"source": ["x"]}, 50)
    changed = call("PATCH", path, {"event_types": None, "pattern": None, "drain_rate": None}).json()
    assert (changed["event_types"], changed["pattern"], changed["drain_rate"]) == (None, None, None)


@pytest.mark.parametrize("change", [{"account": "222222222222"}, {"region": "us-east-1"}, {"label": "x"}])
def test_what_aws_fixes_leads_to_the_succession(call: Call, path: str, change: dict[str, str]) -> None:
    assert "succession" in problem(call("PATCH", path, change), 409, "source_immutable")["detail"]


def test_a_misspelt_change_is_refused(call: Call, path: str) -> None:
    assert call("PATCH", path, {"event_type": ["a"]}).status_code == 422


def test_a_source_is_paused_and_resumed_in_the_name_of_the_key(call: Call, path: str) -> None:
    assert call("POST", f"{path}/pause").json()["state"] == "paused"
    assert call("POST", f"{path}/resume").json()["state"] == "active"
    assert set(AuditEntry.objects.filter(action="source:pause").values_list("actor_kind", flat=True)) == {"key"}


def test_a_source_is_deleted_with_its_queue_kept_unless_said_otherwise(call: Call, path: str) -> None:
    answer = call("DELETE", path)
    assert (answer.status_code, answer.json()["desired"]) == (202, "absent")
    call("DELETE", f"{path}?queue=discard")
    queues = [
        (entry.after or {})["queue"] for entry in AuditEntry.objects.filter(action="source:delete").order_by("id")
    ]
    assert queues == ["kept", "discarded"]
    assert call("DELETE", f"{path}?queue=eat").status_code == 422
    problem(call("POST", f"{path}/pause"), 409, "source_deleted")


def test_only_what_is_over_is_provisioned_again(call: Call, path: str) -> None:
    problem(call("POST", f"{path}/reprovision"), 409, "source_not_ended")
    Source.objects.update(observed="none", ended="expired")
    answer = call("POST", f"{path}/reprovision")
    assert (answer.status_code, answer.json()["state"]) == (202, "requested")


def test_a_succession_is_tried_dry_and_then_done(call: Call, path: str) -> None:
    plan = call("POST", f"{path}/succession", {"account": "333333333333", "dry_run": True}).json()
    assert (plan["account"], plan["waits_for_deletion"], plan["takes_over"], plan["warnings"]) == (
        "333333333333",
        True,
        0,
        [],
    )
    assert Source.objects.count() == 1
    answer = call("POST", f"{path}/succession", {"account": "333333333333"})
    assert (answer.status_code, answer.json()["account"]) == (202, "333333333333")
    assert call("GET", path).json()["desired"] == "absent"
    problem(call("POST", f"{path}/succession", {}), 409, "source_deleted")


def test_a_test_event_is_stored_for_this_source(call: Call, path: str) -> None:
    call("POST", "/tenants/alder/sources", OFFER | {"label": "other"})
    answer = call("POST", f"{path}/test-event")
    assert (answer.status_code, answer.json()["type"]) == (202, "partnerbus.test")
    event: Any = call("GET", f"/events/{UUID(answer.json()['event_id'])}").json()
    assert [delivery["source"] for delivery in event["deliveries"]] == [path.rsplit("/", 1)[1]]


def test_an_account_that_another_tenant_uses_is_pointed_out(call: Call, path: str) -> None:
    call("PUT", "/tenants/birch")
    (warning,) = call("POST", "/tenants/birch/sources", OFFER).json()["warnings"]
    assert "'alder'" in warning
    assert "2222-2222-2222" in warning
    assert call("POST", "/tenants/alder/sources", OFFER | {"label": "b"}).json()["warnings"] == [
        warning.replace("alder", "birch")
    ]


@pytest.mark.parametrize("action", ["pause", "resume", "reprovision", "succession", "test-event"])
def test_a_foreign_source_is_unknown(call: Call, path: str, other_key: str, action: str) -> None:
    body = {"label": "x"} if action == "succession" else None
    problem(call("POST", f"/tenants/alder/sources/{NOBODYS}/{action}", body), 404, "source_unknown")
    problem(call("POST", f"{path}/{action}", body, key=other_key), 404, "tenant_unknown")
