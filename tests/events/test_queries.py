"""Counters and lists: what pages and the API show."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.events import ingest, queries
from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.identifiers import moment_of
from tenants.models import Tenant
from tests.events.conftest import rows

pytestmark = pytest.mark.usefixtures("store")

Store = Callable[..., list[ingest.Result]]


def event(**fields: Any) -> dict[str, Any]:
    return {"tenant": "alder", "type": "order.created", "detail": {}} | fields


def test_the_queue_counts_as_waiting_behind_an_open_gate_and_as_held_behind_a_closed_one(
    tenant: Tenant, make_source: Callable[..., Source], store_events: Store
) -> None:
    is_open = make_source(tenant)
    closed = make_source(tenant, label="second", observed="pending")
    first, *_ = store_events(event(), event(), event())
    rows("delete from pending where event_id = %s returning 1", first.event_id)
    rows(
        "insert into retry (source_id, event_id, due_at, tries, refusals, code)"
        " values (%s, %s, now(), 1, 0, 1) returning 1",
        is_open.pk,
        first.event_id,
    )
    counters = queries.counters_of([is_open.pk, closed.pk])
    assert (counters[is_open.pk].waiting, counters[is_open.pk].held) == (3, 0)
    assert (counters[closed.pk].waiting, counters[closed.pk].held) == (0, 2)
    assert counters[is_open.pk].oldest_waiting_at == moment_of(first.event_id)


def test_an_open_breaker_holds_the_queue_of_its_region_only(
    tenant: Tenant, make_source: Callable[..., Source], store_events: Store, environment: Environment, now: Any
) -> None:
    stopped = make_source(tenant)
    flowing = make_source(tenant, label="us", region="us-east-1")
    open_breaker(environment=environment, region="eu-west-1", code="ExpiredTokenException", message="", now=now)
    store_events(event())
    counters = queries.counters_of([stopped.pk, flowing.pk])
    assert (counters[stopped.pk].held, counters[flowing.pk].waiting) == (1, 1)


def test_counting_stops_at_the_limit(
    tenant: Tenant, make_source: Callable[..., Source], store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source(tenant)
    store_events(*[event() for _ in range(5)])
    monkeypatch.setattr(queries, "COUNT_LIMIT", 3)
    assert queries.counters_of([source.pk])[source.pk].waiting == 3


def test_latest_events_are_newest_first_with_their_state(
    tenant: Tenant, make_source: Callable[..., Source], store_events: Store
) -> None:
    make_source(tenant, event_types=["order.created"])
    stored = store_events(event(), event(type="user.created"))
    listed = queries.latest_events(tenant_ids=[tenant.pk], limit=10)
    assert [row.event_id for row in listed] == [result.event_id for result in reversed(stored)]
    assert [(row.type, row.state) for row in listed] == [("user.created", "settled"), ("order.created", "waiting")]
    assert queries.latest_events(tenant_ids=None, limit=1)[0].event_id == stored[-1].event_id


def test_latest_events_of_one_tenant_never_show_anothers(tenant: Tenant, store_events: Store) -> None:
    store_events(event())
    assert queries.latest_events(tenant_ids=[], limit=10) == []
    assert queries.latest_events(tenant_ids=[tenant.pk + 1], limit=10) == []
