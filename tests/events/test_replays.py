"""Asking for replays and discards: what a filter means, whose deliveries it never means, and what is written down."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.events import discarding, replays
from integrations.events.delivery_filter import DeliveryFilter
from integrations.events.discarding import discard_dead, forecast_discard
from integrations.events.models import Replay
from integrations.events.replays import cancel_replay, forecast, replay_of, request_replay, still_to_send
from integrations.events.story import story_of
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.models import Lane, Source, SourceChange
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.identifiers import moment_of, uuid7
from tenants.models import AuditEntry, Tenant
from tests.conftest import SYSTEM
from tests.events.conftest import rows
from tests.events.publishing import MakeSource, Store, event, events
from tests.events.replayed import OBSERVED_PENDING, accept, ask, ids, kill, queued_for, run, send

pytestmark = pytest.mark.usefixtures("store")
Birch = tuple[Tenant, Source]


@pytest.fixture
def alder(tenant: Tenant, make_source: MakeSource) -> Source:
    return make_source(tenant)


@pytest.fixture
def birch(environment: Environment, make_source: MakeSource, now: datetime) -> Birch:
    """Another tenant of the same environment."""
    tenant, _ = put_tenant(directory=environment.directory, external_id="birch", name="Birch", actor=SYSTEM, now=now)
    return tenant, make_source(tenant)


def wanted(environment: Environment, **fields: Any) -> DeliveryFilter:
    return DeliveryFilter(environment=environment, **fields)


def matched(environment: Environment, **fields: Any) -> int:
    return forecast(wanted=wanted(environment, **fields), everything=True, now=timezone.now()).matched


def test_a_dry_run_counts_and_samples_and_writes_nothing(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    accepted, dead, _ = ids(store_events(*events(3)))
    accept(alder, accepted)
    kill(alder, dead)
    audited = AuditEntry.objects.count()
    found = forecast(wanted=wanted(environment), everything=True, now=timezone.now())
    assert (found.matched, found.exactly, found.missing) == (2, True, 0)
    assert found.sample == [(dead, alder.public_id, "dead"), (accepted, alder.public_id, "accepted")]
    assert (Replay.objects.count(), AuditEntry.objects.count() - audited) == (0, 0)
    assert rows("select count(*) from retry") == [(0,)]


def test_a_request_is_audited_with_its_filter(alder: Source, environment: Environment, tenant: Tenant) -> None:
    replay = ask(environment, tenant=tenant, type="order.created", rate=5, everything=False)
    entry = AuditEntry.objects.get(action="replay:request")
    assert (entry.object_id, entry.tenant_id, entry.actor_label) == (str(replay.public_id), tenant.pk, "test")
    assert entry.after == {
        "tenant": "alder",
        "type": "order.created",
        "states": ["accepted", "dead"],
        "rate": 5,
        "matched": 0,
    }


def test_tenant_source_and_type_restrict(
    alder: Source, birch: Birch, environment: Environment, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    second = make_source(tenant, label="second")
    created, paid, foreign = ids(store_events(event(), event(type="order.paid"), event(tenant="birch")))
    for source in (alder, second):
        accept(source, created)
        kill(source, paid)
    accept(birch[1], foreign)
    assert matched(environment) == 5
    assert matched(environment, tenant=tenant) == 4
    assert matched(environment, source=second) == 2
    assert matched(environment, type="order.paid") == 2
    assert matched(environment, type="order.paid", states=["accepted"]) == 0
    assert matched(environment, tenant=birch[0], type="order.created", states=["accepted"]) == 1
    assert matched(environment, type="never.seen") == 0


def test_time_is_that_of_the_receipt_and_its_end_is_exclusive(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    stored = ids(store_events(event()))
    kill(alder, *stored)
    later = ids(store_events(event()))
    accept(alder, *later)
    moment, last = sorted(map(moment_of, (stored[0], later[0])))  # the machine's clock may be set back between them
    assert matched(environment, received_from=moment) == 2
    assert matched(environment, received_until=moment) == 0
    assert matched(environment, received_from=moment, received_until=moment + timedelta(milliseconds=1)) >= 1
    assert matched(environment, received_from=last + timedelta(milliseconds=1)) == 0


def test_a_code_is_the_reason_of_a_dead_letter_or_of_any_attempt_of_an_accepted_one(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    smooth, bumpy, dead, other = ids(store_events(*events(4)))
    accept(alder, bumpy, code=1)
    accept(alder, smooth, bumpy)
    kill(alder, dead, code=1)
    kill(alder, other, code=2)
    assert matched(environment, code="outcome_unknown") == 2
    assert matched(environment, code="outcome_unknown", states=["dead"]) == 1
    assert matched(environment, code="NeverMet") == 0


def test_doubtful_is_what_aws_took_while_nobody_knew_that_the_source_was_active(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    certain, pending, window, in_hand, again = ids(store_events(*events(5)))
    accept(alder, certain, ago="180 s")
    accept(alder, pending, again, observed=OBSERVED_PENDING, ago="140 s")
    accept(alder, window, ago="120 s")
    accept(alder, in_hand, ago="95 s")  # claimed before AWS's answer was known, sent after it
    accept(alder, again)
    now = timezone.now()
    SourceChange.objects.create(
        source=alder,
        at=now - timedelta(seconds=100),
        cause="aws",
        field="observed",
        before="active",
        after="none",
        confirmed_at=now - timedelta(seconds=130),
    )
    replay = run(ask(environment, states=["doubtful"]))
    assert queued_for(replay) == [pending, window, in_hand]
    send(replay)
    assert matched(environment, states=["doubtful"]) == 0
    assert matched(environment, states=["accepted", "doubtful"]) == 5


def test_what_failed_and_was_never_accepted_does_not_match(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    (stored,) = ids(store_events(event()))
    accept(alder, stored, code=1)
    assert matched(environment) == 0


def test_ids_that_the_environment_does_not_have_are_reported(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    (known,) = ids(store_events(event()))
    accept(alder, known)
    unknown = uuid7()
    found = forecast(wanted=wanted(environment, events=[known, unknown]), now=timezone.now())
    assert (found.matched, found.unknown_events) == (1, [unknown])


def test_nothing_of_another_environment_is_ever_part_of_a_replay(
    alder: Source, environment: Environment, other_environment: Environment, store_events: Store, now: datetime
) -> None:
    """It has a tenant with the same id, and names our events, tenant and source."""
    accepted, dead = ids(store_events(*events(2)))
    accept(alder, accepted)
    kill(alder, dead)
    put_tenant(directory=other_environment.directory, external_id="alder", name="Alder", actor=SYSTEM, now=now)
    for fields in ({}, {"events": [accepted, dead]}, {"type": "order.created"}):
        replay = run(ask(other_environment, **fields))
        assert (replay.matched, replay.enqueued, replay.missing, replay.state) == (0, 0, 0, Replay.State.DONE)
    assert forecast(wanted=wanted(other_environment, events=[accepted]), now=timezone.now()).unknown_events == [
        accepted
    ]
    for fields in ({"tenant": alder.tenant}, {"source": alder}):
        with pytest.raises(Problem) as refused:
            ask(other_environment, **fields)
        assert refused.value.status == 404


def test_a_source_of_another_tenant_is_unknown(
    alder: Source, birch: Birch, environment: Environment, tenant: Tenant
) -> None:
    with pytest.raises(Problem) as refused:
        ask(environment, tenant=tenant, source=birch[1])
    assert refused.value.code == "source_unknown"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "filter_empty"),
        ({"states": ["dead"]}, "filter_empty"),
        ({"states": []}, "states_unknown"),
        ({"states": ["pending"]}, "states_unknown"),
        ({"events": []}, "events_count_invalid"),
        ({"events": [uuid7()] * 1_001}, "events_count_invalid"),
        ({"type": "a", "rate": 0}, "rate_invalid"),
        ({"type": "a", "rate": 100_001}, "rate_invalid"),
    ],
)
def test_an_unusable_filter_is_refused(environment: Environment, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Problem) as refused:
        ask(environment, everything=False, **fields)
    assert (refused.value.status, refused.value.code) == (422, code)
    assert not Replay.objects.exists()


def test_a_period_that_ends_before_it_begins_is_refused(environment: Environment, now: datetime) -> None:
    with pytest.raises(Problem) as refused:
        ask(environment, received_from=now, received_until=now)
    assert refused.value.code == "period_empty"


def test_a_count_that_takes_too_long_says_at_least(
    alder: Source, environment: Environment, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(alder, *ids(store_events(*events(10))))
    monkeypatch.setattr(replays, "COUNT_SECONDS", -1.0)
    replay = ask(environment)
    assert (replay.matched, replay.matched_exactly) == (0, False)
    assert run(replay).enqueued == 10


def test_counting_needs_more_than_one_statement_and_finds_all(
    alder: Source, environment: Environment, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = ids(store_events(*events(25)))
    accept(alder, *stored[:12])
    kill(alder, *stored[12:])
    monkeypatch.setattr(replays, "COUNT_SCAN", 4)
    assert matched(environment) == 25


def test_progress_counts_what_is_still_queued(alder: Source, environment: Environment, store_events: Store) -> None:
    accept(alder, *ids(store_events(*events(3))))
    replay = run(ask(environment))
    assert still_to_send([replay]) == {replay.pk: 3}
    send(replay)
    assert still_to_send([replay]) == {replay.pk: 0}


def test_cancelling_is_audited_once_and_refused_after_the_end(environment: Environment) -> None:
    replay = ask(environment)
    for _ in range(2):
        cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    assert AuditEntry.objects.filter(action="replay:cancel", object_id=str(replay.public_id)).count() == 1
    run(replay)
    with pytest.raises(Problem) as refused:
        cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    assert (refused.value.status, refused.value.code) == (409, "replay_ended")


def test_only_so_many_replays_of_a_tenant_and_of_an_environment_run_at_once(
    tenant: Tenant, birch: Birch, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Actor("key", "backend")
    monkeypatch.setattr(replays, "MOST_OF_A_TENANT", 2)
    monkeypatch.setattr(replays, "MOST_OF_AN_ENVIRONMENT", 3)

    def replay(asked_by: Actor = backend, **fields: Any) -> Replay:
        asked = wanted(environment, **fields)
        return request_replay(wanted=asked, everything=True, actor=asked_by, now=timezone.now())[0]

    first, _ = replay(tenant=tenant), replay(tenant=tenant)
    with pytest.raises(Problem, match="2 replays of this tenant are running") as refused:
        replay(tenant=tenant)
    assert (refused.value.status, refused.value.code, refused.value.headers) == (
        429,
        "too_many_replays",
        {"Retry-After": "30"},
    )
    replay(tenant=birch[0])
    replay(tenant=tenant, asked_by=SYSTEM)  # what a gate owes is not refused
    with pytest.raises(Problem, match="3 replays of this environment"):
        replay()
    Replay.objects.exclude(pk=first.pk).update(due_at=None, ended_at=timezone.now())
    replay(tenant=tenant)


def test_a_replay_of_another_environment_is_unknown(environment: Environment, other_environment: Environment) -> None:
    replay = ask(environment)
    for environment_, name in ((other_environment, replay.public_id), (environment, uuid7()), (environment, "x")):
        with pytest.raises(Problem) as refused:
            replay_of(environment_, name)
        assert (refused.value.status, refused.value.code) == (404, "replay_unknown")


def test_a_replayed_delivery_shows_the_state_of_the_replay(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    (stored,) = ids(store_events(event()))
    accept(alder, stored)
    replay = run(ask(environment))
    assert shown_state(environment, stored) == "retrying"
    Lane.objects.update(publishable=False)
    assert shown_state(environment, stored) == "held"
    cancel_replay(replay=replay, actor=SYSTEM, now=timezone.now())
    run(replay)
    assert shown_state(environment, stored) == "accepted"


def test_discarded_dead_letters_end_as_dropped_and_nothing_else_does(
    alder: Source, birch: Birch, environment: Environment, tenant: Tenant, store_events: Store
) -> None:
    dead, gone, accepted, foreign = ids(store_events(*events(3), event(tenant="birch")))
    kill(alder, dead, gone)
    kill(birch[1], foreign)
    accept(alder, accepted)
    rows("delete from events where id = %s returning 1", gone)
    of_alder = wanted(environment, tenant=tenant)
    assert forecast_discard(wanted=of_alder, now=timezone.now()).matched == 2
    discarded = discard_dead(wanted=of_alder, actor=SYSTEM, now=timezone.now())
    assert discarded == (2, False)
    assert rows("select event_id from dead") == [(foreign,)]
    assert rows("select source_id, event_id, reason from settled") == [(alder.pk, dead, 2)]
    assert (shown_state(environment, dead), shown_state(environment, accepted)) == ("settled", "accepted")
    entry = AuditEntry.objects.get(action="dead_letters:discard")
    assert (entry.tenant_id, entry.after) == (tenant.pk, {"tenant": "alder", "states": ["dead"], "discarded": 2})


def test_dead_letters_of_a_withdrawn_source_are_not_replayed_but_can_be_given_up(
    alder: Source, environment: Environment, store_events: Store
) -> None:
    kill(alder, *ids(store_events(event())))
    Source.objects.update(desired="absent")
    assert matched(environment) == 0
    of_source = wanted(environment, source=alder)
    assert forecast_discard(wanted=of_source, now=timezone.now()).matched == 1
    assert discard_dead(wanted=of_source, actor=SYSTEM, now=timezone.now()).deliveries == 1


def test_the_sample_is_found_however_far_from_the_beginning_it_is(
    alder: Source, environment: Environment, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "COUNT_SCAN", 3)
    accept(alder, *ids(store_events(*events(10))))
    (rare,) = ids(store_events(event(type="order.lost")))
    accept(alder, rare)
    found = forecast(wanted=wanted(environment, type="order.lost"), now=timezone.now())
    assert (found.matched, [each.event_id for each in found.sample]) == (1, [rare])


def test_a_discard_says_when_more_is_left(
    alder: Source, environment: Environment, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(alder, *ids(store_events(*events(3))))
    monkeypatch.setattr(discarding, "AT_ONCE", 2)
    everything = {"wanted": wanted(environment), "everything": True, "actor": SYSTEM}
    assert discard_dead(now=timezone.now(), **everything) == (2, True)
    assert discard_dead(now=timezone.now(), **everything) == (1, False)


def test_a_discard_of_everything_has_to_be_said_and_never_touches_another_environment(
    alder: Source, environment: Environment, other_environment: Environment, store_events: Store
) -> None:
    kill(alder, *ids(store_events(event())))
    with pytest.raises(Problem) as refused:
        discard_dead(wanted=wanted(environment), actor=SYSTEM, now=timezone.now())
    assert refused.value.code == "filter_empty"
    foreign = discard_dead(wanted=wanted(other_environment), everything=True, actor=SYSTEM, now=timezone.now())
    assert foreign == (0, False)
    assert rows("select count(*) from dead") == [(1,)]


def shown_state(environment: Environment, event_id: Any) -> str:
    story = story_of(environment_id=environment.pk, event_id=event_id)
    assert story is not None
    return str(story["deliveries"][0]["state"])
