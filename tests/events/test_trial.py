"""The test event goes the way of all events, to one source alone."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from integrations.events.publisher import Publisher
from integrations.events.story import story_of
from integrations.events.trial import TEST_TYPE, send_test_event
from integrations.problems import Problem
from integrations.sources.models import Source
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tests.events.fake_aws import FakeAws

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor.system("test")


def told(source: Source, event_id: UUID) -> dict[str, Any]:
    story = story_of(environment_id=source.environment_id, event_id=event_id)
    assert story is not None
    return story


def test_only_the_source_it_is_meant_for_gets_it_whatever_it_selects(
    source: Source, tenant: Tenant, make_source: Callable[..., Source], publisher: Publisher, aws: FakeAws
) -> None:
    other = make_source(tenant, label="other")
    Source.objects.filter(pk=source.pk).update(event_types=["order.created"])
    event_id = send_test_event(source=source, actor=ACTOR, now=timezone.now())
    publisher.publish_round()
    ((entry,),) = aws.calls
    assert (entry["Source"], entry["DetailType"]) == (source.name, TEST_TYPE)
    assert json.loads(entry["Detail"])["source"] == source.name
    assert entry["Resources"] == [f"urn:partnerbus:event:{event_id}"]
    (delivery,) = told(source, event_id)["deliveries"]
    assert (str(delivery["source"]), delivery["state"]) == (str(source.public_id), "accepted")
    assert other.name not in str(aws.calls)
    assert (AuditEntry.objects.get(action="source:send_test_event").after or {}) == {"event": str(event_id)}


def test_it_is_held_while_the_gate_is_closed(
    tenant: Tenant, make_source: Callable[..., Source], publisher: Publisher, aws: FakeAws
) -> None:
    pending = make_source(tenant, observed="pending")
    event_id = send_test_event(source=pending, actor=ACTOR, now=timezone.now())
    publisher.publish_round()
    assert aws.calls == []
    assert told(pending, event_id)["state"] == "held"


def test_a_deleted_source_gets_none(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(desired="absent")
    with pytest.raises(Problem, match="deleted"):
        send_test_event(source=source, actor=ACTOR, now=timezone.now())
