"""A backlog flows at the rate that somebody set, and nobody else waits for it."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.aws.exchange import Exchanges
from integrations.events import session
from integrations.events.publisher import Publisher
from integrations.sources.drain import set_drain_rate
from integrations.sources.models import Drain, Source
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import Tenant
from tests.events.conftest import rows
from tests.events.fake_aws import FakeAws
from tests.events.publishing import MakeSource, Store, event, events, make_retries_due, queued

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor.system("test")


def limit(source: Source, per_second: int | None) -> None:
    set_drain_rate(source=source, per_second=per_second, actor=ACTOR, now=timezone.now())


def pass_time(seconds: float) -> None:
    """Let the drain's clock, which is a row, believe that this much time has passed."""
    Drain.objects.update(next_at=Drain.objects.get().next_at - timedelta(seconds=seconds))


def sent(aws: FakeAws) -> Counter[str]:
    return Counter(source for source, _ in aws.accepted.elements())


def test_half_a_second_is_claimed_at_once_and_the_rest_in_its_time(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(100))
    limit(source, 20)
    publisher.publish_round()
    assert sent(aws)[source.name] == 10
    assert queued() == {"pending": 90}
    pass_time(-60)
    publisher.publish_round()
    assert queued() == {"pending": 90}


def test_over_a_long_time_the_rate_is_what_was_set(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(400))
    limit(source, 20)
    started = time.monotonic()
    for _ in range(20):  # half a second each
        publisher.publish_round()
        publisher.publish_round()
        pass_time(0.5)
    took = 10 + time.monotonic() - started
    assert 180 <= sent(aws)[source.name] <= 20 * (took + 1)


def test_a_rate_of_one_sends_one(publisher: Publisher, aws: FakeAws, source: Source, store_events: Store) -> None:
    store_events(*events(5))
    limit(source, 1)
    publisher.publish_round()
    assert sent(aws)[source.name] == 1


def test_two_publishers_share_one_rate(publisher: Publisher, aws: FakeAws, source: Source, store_events: Store) -> None:
    store_events(*events(40))
    limit(source, 2)
    started = time.monotonic()
    with session.open_session() as own, Exchanges() as exchanges:
        other = Publisher(own, exchanges)
        for _ in range(3):
            publisher.publish_round()
            other.publish_round()
    assert 1 <= sent(aws)[source.name] <= 2 * (time.monotonic() - started + 1)


def test_other_lanes_have_the_round_to_themselves(
    publisher: Publisher,
    aws: FakeAws,
    source: Source,
    tenant: Tenant,
    make_source: MakeSource,
    store_events: Store,
) -> None:
    put_tenant(directory=tenant.directory, external_id="birch", name="B", actor=ACTOR, now=timezone.now())
    birch = make_source(Tenant.objects.get(external_id="birch"))
    limit(source, 2)
    started = time.monotonic()
    store_events(*events(600), *[event(n, tenant="birch") for n in range(300)])
    publisher.publish_round()
    publisher.publish_round()
    assert sent(aws)[birch.name] == 300
    assert sent(aws)[source.name] <= 2 * (time.monotonic() - started + 1)
    assert rows("select source_id from heavy_lanes where source_id = %s", source.pk) == []


def test_second_tries_count_and_do_not_starve_new_ones(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    store_events(*events(40))
    rows(
        "with gone as (delete from pending returning *) insert into retry"
        " (source_id, event_id, due_at, tries, refusals, code) select source_id, event_id, now(), 1, 0, 1 from gone"
        " returning 1"
    )
    store_events(*events(40))
    make_retries_due()
    limit(source, 16)
    publisher.publish_round()
    assert queued() == {"pending": 34, "retry": 38}


def test_without_a_rate_everything_flows_again(
    publisher: Publisher, aws: FakeAws, source: Source, store_events: Store
) -> None:
    limit(source, 1)
    store_events(*events(50))
    publisher.publish_round()
    limit(source, None)
    publisher.publish_round()
    publisher.publish_round()
    assert queued() == {}
