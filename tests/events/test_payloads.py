"""Reading what an event carries: exactly what was posted, and never without a line in the audit log."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from integrations.events.footprints import footprints_of
from integrations.events.payloads import envelope_of, find_event, read_payload
from integrations.sources.models import Source
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.identifiers import uuid7
from tenants.models import AuditEntry, Tenant
from tests.events.history import accepted

DETAIL = '{"b":12345678901234567890123456789, "a":1.50,"c":1e400,"name":"\\u00e9"}'
SUPPORT = Actor("person", "support@example.com", uuid7())


@pytest.fixture
def source(make_source: Callable[..., Source], tenant: Tenant) -> Source:
    return make_source(tenant)


@pytest.fixture
def event_id(source: Source, post: Callable[..., Any]) -> UUID:
    body = f'{{"tenant":"alder","type":"order.created","resources":["r-1"],"detail":{DETAIL}}}'
    answer = post(body.encode())
    return UUID(answer.json()["events"][0]["event_id"])


def test_a_payload_is_what_was_posted_to_the_last_digit(event_id: UUID, tenant: Tenant, now: datetime) -> None:
    event = find_event(event_id, tenant_ids=[tenant.pk])
    assert event
    payload = read_payload(event=event, actor=SUPPORT, now=now)
    assert payload.detail == DETAIL
    assert payload.resources == ["r-1", f"urn:partnerbus:event:{event_id}"]
    assert "12345678901234567890123456789," in payload.laid_out
    assert "1.50" in payload.laid_out


def test_who_read_it_is_written_down_without_what_was_read(event_id: UUID, tenant: Tenant, now: datetime) -> None:
    event = find_event(event_id, tenant_ids=None)
    assert event
    read_payload(event=event, actor=SUPPORT, now=now)
    entry = AuditEntry.objects.get(action="event:read_payload")
    assert (entry.actor_label, entry.object_id, entry.tenant_id) == (SUPPORT.label, str(event_id), tenant.pk)
    assert (entry.before, entry.after) == (None, None)


def test_an_event_of_another_tenant_is_not_found(event_id: UUID, tenant: Tenant, now: datetime) -> None:
    birch, _ = put_tenant(directory=tenant.directory, external_id="birch", name="Birch", actor=SUPPORT, now=now)
    assert find_event(event_id, tenant_ids=[birch.pk]) is None
    assert find_event(event_id, tenant_ids=[]) is None
    assert find_event(uuid7(), tenant_ids=None) is None


def test_the_envelope_is_what_a_rule_of_the_receiver_sees(event_id: UUID, source: Source, now: datetime) -> None:
    event = find_event(event_id, tenant_ids=None)
    assert event
    payload = read_payload(event=event, actor=SUPPORT, now=now)
    seen = json.loads(envelope_of(payload, source, "7f0e1a6c-22b1-4f0e-9d51-0c3a6f2b8e44"))
    assert list(seen) == ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert (seen["source"], seen["account"], seen["region"]) == (source.name, source.account, source.region)
    assert seen["time"].endswith("Z")
    assert seen["detail"]["b"] == 12345678901234567890123456789


def test_a_detail_nested_as_deep_as_is_legal_is_shown_too(
    source: Source, post: Callable[..., Any], now: datetime
) -> None:
    deep = '{"a":' * 998 + "1" + "}" * 998
    answer = post(f'{{"tenant":"alder","type":"deep","detail":{deep}}}'.encode())
    event = find_event(UUID(answer.json()["events"][0]["event_id"]), tenant_ids=None)
    assert event
    payload = read_payload(event=event, actor=SUPPORT, now=now)
    assert "".join(payload.laid_out.split()) == deep
    assert deep in "".join(envelope_of(payload, source, None).split())


def test_a_footprint_is_the_stored_size_and_every_attempt(event_id: UUID, source: Source, now: datetime) -> None:
    accepted(source, event_id, now)
    footprint = footprints_of([event_id, uuid7()])[event_id]
    assert footprint.attempts == 1
    assert footprint.bytes > len(DETAIL)
    assert footprints_of([]) == {}
