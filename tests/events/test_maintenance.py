"""The maintenance switch: one row holds an environment's region, and everybody is told why."""

import pytest
from django.utils import timezone

from integrations.events.candidates import Question
from integrations.events.listing import list_events
from integrations.events.publisher import Publisher
from integrations.events.queries import counters_of
from integrations.events.story import story_of
from integrations.problems import Problem
from integrations.registration.models import Breaker, Environment, Maintenance
from integrations.sources.maintenance import begin_maintenance, end_maintenance
from integrations.sources.models import Lane, Source
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tests.events.fake_aws import FakeAws
from tests.events.publishing import MakeSource, Store, event, queued

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor.system("test")


def begin(environment: Environment, region: str = "eu-west-1") -> Maintenance:
    return begin_maintenance(environment=environment, region=region, note="AWS works", actor=ACTOR, now=timezone.now())


def test_one_region_is_held_without_touching_a_lane_and_flows_afterwards(
    publisher: Publisher,
    aws: FakeAws,
    source: Source,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    environment: Environment,
) -> None:
    other = make_source(tenant, label="us", region="us-east-1")
    begin(environment)
    begin(environment)
    (stored,) = store_events(event())
    publisher.publish_round()
    assert [name for name, _ in aws.accepted] == [other.name]
    assert Lane.objects.get(source=source).publishable
    story = story_of(environment_id=environment.pk, event_id=stored.event_id)
    assert story is not None
    reasons = {str(delivery["source"]): delivery["reason"] for delivery in story["deliveries"]}
    assert reasons[str(source.public_id)] == "maintenance"
    assert counters_of([source.pk])[source.pk].held == 1
    held = list_events(Question(environment_id=environment.pk, state="held"), limit=5)
    assert [row.event_id for row in held.rows] == [stored.event_id]
    assert end_maintenance(environment=environment, region="eu-west-1", actor=ACTOR, now=timezone.now())
    publisher.publish_round()
    assert queued() == {}
    actions = AuditEntry.objects.filter(action__contains="maintenance").order_by("id")
    assert [entry.action for entry in actions] == ["environment:begin_maintenance", "environment:end_maintenance"]


def test_no_breaker_is_probed_meanwhile(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store, environment: Environment
) -> None:
    now = timezone.now()
    store_events(event())
    Breaker.objects.create(environment=environment, region="eu-west-1", opened_at=now, retry_at=now, code="x")
    begin(environment)
    publisher.publish_round()
    assert aws.calls == []


def test_ending_what_did_not_begin_changes_nothing(environment: Environment) -> None:
    assert not end_maintenance(environment=environment, region="eu-west-1", actor=ACTOR, now=timezone.now())
    assert not AuditEntry.objects.filter(action__contains="maintenance").exists()


def test_a_region_that_the_environment_does_not_have_is_refused(environment: Environment) -> None:
    with pytest.raises(Problem, match="us-east-1"):
        begin(environment, "mars-1")
