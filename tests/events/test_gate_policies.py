"""What becomes of events while AWS says PENDING: held, sent and kept, or dropped."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.events import kept, tasks
from integrations.events.dropping import drop_for_a_while
from integrations.events.models import Replay, Settled
from integrations.events.publisher import Publisher
from integrations.events.replaying import advance_once
from integrations.events.story import story_of
from integrations.registration.models import Environment
from integrations.sources.deletion import delete_source
from integrations.sources.gate_policy import set_gate_policy
from integrations.sources.models import Lane, Observed, Source
from integrations.sources.observation import Answer, record_answer
from integrations.sources.renewal import reprovision
from integrations.sources.succession import succeed
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tests.events.fake_aws import FakeAws
from tests.events.publishing import MakeSource, Store, event, events, queued

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor.system("test")


def choose(environment: Environment, policy: str) -> None:
    set_gate_policy(environment=environment, policy=policy, actor=ACTOR, now=timezone.now())


@pytest.fixture
def pending(publisher: Publisher, tenant: Tenant, make_source: MakeSource) -> Source:
    return make_source(tenant, observed="pending")


def aws_says(source: Source, word: Observed) -> None:
    current = Source.objects.select_related("environment").get(pk=source.pk)
    now = timezone.now()
    record_answer(current, Answer(word), asked_at=now, now=now)


def settle_replays(publisher: Publisher) -> None:
    """Let the replays that were asked for queue, be sent and end."""
    for _ in range(6):
        for replay in Replay.objects.filter(ended_at=None):
            advance_once(replay.pk, timezone.now())
        publisher.publish_round()


def state_of(source: Source, event_id: object) -> str:
    story = story_of(environment_id=source.environment_id, event_id=event_id)  # type: ignore[arg-type]
    assert story is not None
    return str(story["state"])


def test_what_was_sent_while_pending_is_replayed_once_on_activation(
    pending: Source, publisher: Publisher, aws: FakeAws, store_events: Store, environment: Environment
) -> None:
    choose(environment, "send_and_keep")
    store_events(*events(3))
    publisher.publish_round()
    assert sorted(aws.accepted.values()) == [1, 1, 1]
    assert kept.replay_kept(timezone.now()) == 0  # nobody has accepted it yet
    aws_says(pending, Observed.ACTIVE)
    store_events(event(9))
    publisher.publish_round()
    assert kept.replay_kept(timezone.now()) == 1
    settle_replays(publisher)
    assert sorted(aws.accepted.values()) == [1, 2, 2, 2]
    later = timezone.now() + kept.STRAGGLERS + timedelta(seconds=1)
    assert kept.replay_kept(later) == 0
    assert Source.objects.get(pk=pending.pk).kept_since is None
    assert kept.replay_kept(later) == 0
    assert queued() == {}


def test_a_second_activation_replays_only_what_never_met_an_active_source(
    pending: Source, publisher: Publisher, aws: FakeAws, store_events: Store, environment: Environment
) -> None:
    choose(environment, "send_and_keep")
    store_events(event(1))
    publisher.publish_round()
    aws_says(pending, Observed.ACTIVE)
    kept.replay_kept(timezone.now())
    aws_says(pending, Observed.PENDING)  # before the replay came to anything
    settle_replays(publisher)
    store_events(event(2))
    publisher.publish_round()
    assert sorted(aws.accepted.values()) == [1, 2]
    aws_says(pending, Observed.ACTIVE)
    assert kept.replay_kept(timezone.now()) == 1
    settle_replays(publisher)
    assert sorted(aws.accepted.values()) == [2, 3]


def test_what_was_recorded_late_is_found_by_the_second_look(
    pending: Source, publisher: Publisher, aws: FakeAws, store_events: Store, environment: Environment
) -> None:
    choose(environment, "send_and_keep")
    store_events(event(1))
    claimed_before = Source.objects.filter(pk=pending.pk)
    assert claimed_before.get().kept_since is not None
    aws_says(pending, Observed.ACTIVE)
    assert kept.replay_kept(timezone.now()) == 0
    from tests.events.replayed import OBSERVED_PENDING, accept

    stored = Replay.objects.count()
    (found,) = store_events(event(2))
    accept(pending, found.event_id, observed=OBSERVED_PENDING)
    assert kept.replay_kept(timezone.now() + kept.STRAGGLERS + timedelta(seconds=1)) == stored + 1
    settle_replays(publisher)
    assert sum(aws.accepted.values()) == 2


def test_what_was_sent_to_the_wrong_account_is_owed_to_the_successor(
    pending: Source, publisher: Publisher, aws: FakeAws, store_events: Store, environment: Environment
) -> None:
    choose(environment, "send_and_keep")
    store_events(*events(3))
    publisher.publish_round()
    succeed(source=pending, account="333333333333", actor=ACTOR, now=timezone.now())
    assert kept.replay_kept(timezone.now()) == 0  # nobody has accepted that one either
    aws_says(pending, Observed.ACTIVE)
    assert kept.replay_kept(timezone.now()) == 1
    settle_replays(publisher)
    assert sum(aws.accepted.values()) == 6  # each once under the old name and once under the new


@pytest.mark.parametrize(("keep_queue", "owed"), [(True, 1), (False, 0)])
def test_what_was_sent_before_a_deletion_that_keeps_the_queue_is_owed_when_it_comes_back(
    pending: Source, publisher: Publisher, store_events: Store, environment: Environment, keep_queue: bool, owed: int
) -> None:
    choose(environment, "send_and_keep")
    store_events(event(1))
    publisher.publish_round()
    delete_source(source=pending, keep_queue=True, actor=ACTOR, now=timezone.now())
    delete_source(source=pending, keep_queue=keep_queue, actor=ACTOR, now=timezone.now())
    Source.objects.filter(pk=pending.pk).update(due_at=None)
    reprovision(source=pending, actor=ACTOR, now=timezone.now())
    aws_says(pending, Observed.ACTIVE)
    assert kept.replay_kept(timezone.now()) == owed


def test_a_deleted_source_is_owed_nothing(
    pending: Source, publisher: Publisher, store_events: Store, environment: Environment
) -> None:
    choose(environment, "send_and_keep")
    store_events(event(1))
    publisher.publish_round()
    delete_source(source=pending, keep_queue=True, actor=ACTOR, now=timezone.now())
    Source.objects.filter(pk=pending.pk).update(observed="active")
    assert kept.replay_kept(timezone.now()) == 0


def test_under_drop_new_events_settle_as_dropped_and_held_ones_stay(
    pending: Source, publisher: Publisher, aws: FakeAws, store_events: Store, environment: Environment
) -> None:
    (held,) = store_events(event(1))
    choose(environment, "drop")
    (dropped,) = store_events(event(2))
    assert drop_for_a_while(timezone.now()) == 1
    assert (state_of(pending, held.event_id), state_of(pending, dropped.event_id)) == ("held", "settled")
    assert [each.reason for each in Settled.objects.filter(source_id=pending.pk)] == [Settled.Reason.DROPPED]
    aws_says(pending, Observed.ACTIVE)
    (after,) = store_events(event(3))
    assert drop_for_a_while(timezone.now()) == 0
    publisher.publish_round()
    assert state_of(pending, after.event_id) == "accepted"
    assert len(aws.accepted) == 2


def test_a_policy_is_changed_for_all_pending_sources_at_once_and_told(
    pending: Source, tenant: Tenant, make_source: MakeSource, environment: Environment
) -> None:
    active = make_source(tenant, label="active")
    paused = make_source(tenant, label="paused", observed="pending", desired="paused")
    choose(environment, "send_and_keep")
    choose(environment, "send_and_keep")
    opened = dict(Lane.objects.values_list("source_id", "publishable"))
    assert opened == {pending.pk: True, active.pk: True, paused.pk: False}
    choose(environment, "drop")
    assert list(Lane.objects.exclude(drops_since=None).values_list("pk", flat=True)) == [pending.pk]
    choose(environment, "hold")
    assert not Lane.objects.get(pk=pending.pk).publishable
    assert not Lane.objects.exclude(drops_since=None).exists()
    audited = AuditEntry.objects.filter(action="environment:set_gate_policy").order_by("id")
    assert [(entry.after or {})["gate_policy"] for entry in audited] == ["send_and_keep", "drop", "hold"]


@pytest.mark.parametrize("keeps", [True, False])
def test_the_queue_of_a_deleted_source_is_kept_or_dropped_as_was_said(
    pending: Source, store_events: Store, keeps: bool
) -> None:
    stored = store_events(*events(3))
    delete_source(source=pending, keep_queue=keeps, actor=ACTOR, now=timezone.now())
    tasks.settle_gates()
    assert queued() == ({"pending": 3} if keeps else {"settled": 3})
    assert state_of(pending, stored[0].event_id) == ("held" if keeps else "settled")
    told = AuditEntry.objects.filter(action="source:discard_queue")
    assert [(entry.after or {})["deliveries"] for entry in told] == ([] if keeps else [3])


def test_what_a_publisher_works_on_is_not_dropped_meanwhile(
    pending: Source, store_events: Store, settings: object, environment: Environment
) -> None:
    from integrations.locks import LANE_LOCK
    from tests.events.conftest import own_session

    choose(environment, "drop")
    store_events(event(1))
    with own_session(settings) as other:
        other.execute("select pg_advisory_lock(%s, %s)", [LANE_LOCK, pending.pk])
        assert drop_for_a_while(timezone.now()) == 0
    assert drop_for_a_while(timezone.now()) == 1


def test_a_reserve_that_was_left_beside_a_source_is_handed_over(
    publisher: Publisher, aws: FakeAws, tenant: Tenant, make_source: MakeSource, store_events: Callable[..., list]
) -> None:
    store_events(event(1), event(2, type="other"))  # without any source: they wait in the reserve
    source = make_source(tenant, event_types=["order.created"])
    tasks.settle_gates()
    for _ in range(2):
        publisher.publish_round()
    assert [name for name, _ in aws.accepted] == [source.name]
    assert queued() == {"settled": 1}
