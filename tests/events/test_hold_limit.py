"""The hold limit: never a deletion, always announced, only for what is held."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.events import hold_limit, tasks
from integrations.events.publisher import Publisher
from integrations.events.queries import counters_of
from integrations.events.story import story_of
from integrations.locks import LANE_LOCK
from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.models import Lane, Source
from tenants.models import AuditEntry, Tenant
from tests.events.conftest import own_session, rows
from tests.events.fake_aws import FakeAws
from tests.events.past import execute, noon, past, posted, stored
from tests.events.publishing import MakeSource, Store, queued

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _old_days(committed: None) -> Iterator[None]:
    with past(15, 14, 13):
        yield


@pytest.fixture
def closed(tenant: Tenant, make_source: MakeSource) -> Source:
    """A source that nobody has accepted: its gate is closed."""
    return make_source(tenant, observed="pending")


def enforce(after: timedelta = timedelta()) -> int:
    return hold_limit.enforce(timezone.now() + after)


def announced(action: str) -> list[Any]:
    return [entry.after for entry in AuditEntry.objects.filter(action=action).order_by("at")]


def retried(event_id: object, due_at: datetime, replay_id: int | None = None) -> None:
    execute(
        "with gone as (delete from pending where event_id = %s returning *)"
        " insert into retry (source_id, event_id, due_at, tries, refusals, code, replay_id)"
        " select source_id, event_id, %s, 3, 0, 1, %s from gone",
        event_id,
        due_at,
        replay_id,
    )


def test_what_is_held_beyond_the_limit_is_dead_and_what_is_younger_still_held(
    closed: Source, store_events: Store, environment: Environment
) -> None:
    old, young = posted(store_events, noon(15)), posted(store_events, noon(13))
    assert enforce() == 1
    assert queued() == {"pending": 1, "dead": 1}
    assert stored() == {old, young}
    (delivery,) = story_of(environment_id=environment.pk, event_id=old)["deliveries"]
    assert (delivery["state"], delivery["reason"]) == ("dead", "hold_limit")
    assert "replay the dead letters with the code hold_limit" in delivery["message"]
    assert "14 days" in delivery["message"]
    assert story_of(environment_id=environment.pk, event_id=young)["state"] == "held"
    assert counters_of([closed.pk])[closed.pk].dead == 1
    assert enforce() == 0


def test_it_is_announced_once_with_figures(
    closed: Source, store_events: Store, caplog: pytest.LogCaptureFixture
) -> None:
    posted(store_events, noon(15))
    posted(store_events, noon(15) + timedelta(hours=1))
    tasks.enforce_hold_limit()
    enforce()
    (entry,) = AuditEntry.objects.filter(action="source:hold_limit")
    assert (entry.object_id, entry.actor_kind) == (str(closed.public_id), "system")
    assert entry.tenant_id == closed.tenant_id
    assert entry.after == {
        "deliveries": 2,
        "oldest": noon(15).isoformat(),
        "newest": (noon(15) + timedelta(hours=1)).isoformat(),
        "hold_limit_days": 14,
    }
    assert [record.levelname for record in caplog.records if "held for too long" in record.getMessage()] == ["WARNING"]


def test_an_open_lane_with_an_old_backlog_is_left_to_the_publisher(
    tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    make_source(tenant)
    posted(store_events, noon(15))
    assert enforce() == 0
    assert queued() == {"pending": 1}


def test_retries_behind_a_closed_gate_count_too_and_keep_their_tries(closed: Source, store_events: Store) -> None:
    retried(posted(store_events, noon(15)), noon(15))
    assert enforce() == 1
    assert rows("select tries from dead") == [(3,)]


def test_the_age_of_a_replay_counts_from_the_replay(closed: Source, store_events: Store) -> None:
    retried(posted(store_events, noon(15)), timezone.now(), replay_id=7)
    assert enforce() == 0
    assert enforce(after=timedelta(days=13)) == 0
    assert enforce(after=timedelta(days=15)) == 1


def test_a_tenant_without_a_source_is_held_to_the_limit_too(tenant: Tenant, store_events: Store) -> None:
    posted(store_events, noon(15))
    assert enforce() == 1
    assert Source.objects.get(account=None).tenant == tenant


@pytest.mark.parametrize(("open_for", "dead"), [(timedelta(days=15), 1), (timedelta(days=1), 0)])
def test_a_breaker_counts_when_it_has_been_open_that_long(
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
    environment: Environment,
    open_for: timedelta,
    dead: int,
) -> None:
    make_source(tenant)
    posted(store_events, noon(15))
    opened_at = timezone.now() - open_for
    open_breaker(environment=environment, region="eu-west-1", code="Expired", message="", now=opened_at)
    assert enforce() == dead


@pytest.mark.parametrize("field", ["opens_at", "suspect_since"])
def test_a_gate_that_is_closed_until_the_next_answer_of_aws_costs_nothing(
    tenant: Tenant, make_source: MakeSource, store_events: Store, field: str
) -> None:
    make_source(tenant, **{field: timezone.now()})
    Lane.objects.update(publishable=False)
    posted(store_events, noon(15))
    assert enforce() == 0


def test_every_environment_has_its_own_limit(
    closed: Source, store_events: Store, environment: Environment, other_environment: Environment
) -> None:
    Environment.objects.filter(pk=other_environment.pk).update(hold_limit_days=1)
    posted(store_events, noon(13))
    assert enforce() == 0
    Environment.objects.filter(pk=environment.pk).update(hold_limit_days=2)
    assert enforce() == 1


def test_a_publisher_at_work_on_the_lane_is_not_disturbed(closed: Source, store_events: Store, settings: Any) -> None:
    posted(store_events, noon(15))
    with own_session(settings) as publishing:
        publishing.execute("select pg_advisory_lock(%s, %s)", [LANE_LOCK, closed.pk])
        assert enforce() == 0
        publishing.execute("select pg_advisory_unlock_all()")
    assert enforce() == 1


def test_a_long_queue_goes_in_batches_each_of_them_announced(
    closed: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_limit, "BATCH", 2)
    for minute in range(5):
        posted(store_events, noon(15) + timedelta(minutes=minute))
    assert enforce() == 5
    assert [after["deliveries"] for after in announced("source:hold_limit")] == [2, 2, 1]
    assert queued() == {"dead": 5}


def test_a_run_without_time_leaves_everything_to_the_next(
    closed: Source, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted(store_events, noon(15))
    with monkeypatch.context() as patch:
        patch.setattr(hold_limit, "RUN_SECONDS", -1.0)
        assert enforce() == 0
    assert enforce() == 1


def test_a_day_ahead_it_is_warned_once_a_day(
    closed: Source, store_events: Store, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    Environment.objects.filter(pk=environment.pk).update(hold_limit_days=2)
    nearly = timezone.now() - timedelta(days=1, hours=12)
    with past(2) if not rows("select to_regclass(%s)", f"events_{nearly:%Y%m%d}")[0][0] else past():
        posted(store_events, nearly)
        assert enforce() == 0
        enforce(after=timedelta(minutes=5))
        (warned,) = announced("source:hold_limit_near")
        assert (warned["deliveries"], warned["hold_limit_days"]) == (1, 2)
        assert any("dead within a day" in record.getMessage() for record in caplog.records)
        assert queued() == {"pending": 1}
        enforce(after=timedelta(hours=25))
        assert len(announced("source:hold_limit")) == 1


def test_the_dead_letter_can_be_sent_when_the_source_is_accepted(
    publisher: Publisher, aws: FakeAws, closed: Source, store_events: Store
) -> None:
    old = posted(store_events, noon(15))
    enforce()
    Lane.objects.update(publishable=True)
    execute(
        "with gone as (delete from dead where code = 3 returning *)"
        " insert into retry (source_id, event_id, due_at, tries, refusals, code, replay_id)"
        " select source_id, event_id, now(), 0, 0, 0, 1 from gone",
    )
    assert publisher.publish_round() == 1
    assert queued() == {}
    assert rows("select event_id from attempts where code = 0") == [(old,)]


def test_an_installation_that_met_the_name_before_uses_its_own_number(closed: Source, store_events: Store) -> None:
    execute("update outcome_codes set code = 'renamed' where code = 'hold_limit'")
    execute("insert into outcome_codes (id, code) overriding system value values (4321, 'hold_limit')")
    try:
        posted(store_events, noon(15))
        enforce()
        assert rows("select code from dead") == [(4321,)]
    finally:
        execute("delete from outcome_codes where id = 4321")
        execute("update outcome_codes set code = 'hold_limit' where code = 'renamed'")
