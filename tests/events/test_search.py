"""Finding an event by whatever id somebody has of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from integrations.events import ingest, search, storage
from integrations.events.candidates import Question
from integrations.events.search import BY_ID_AT_AWS, find_anything
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.events.history import accepted, execute

pytestmark = pytest.mark.usefixtures("store")

Store = Callable[..., list[ingest.Result]]
AWS_ID, REQUEST_ID = uuid4(), uuid4()


@pytest.fixture
def event_id(tenant: Tenant, make_source: Callable[..., Source], store_events: Store, now: datetime) -> UUID:
    """An accepted event of Alder with every kind of id."""
    source = make_source(tenant)
    (result,) = store_events({"tenant": "alder", "type": "order.created", "id": "order-1", "detail": {}})
    found = UUID(str(result.event_id))
    accepted(source, found, now, aws_id=AWS_ID, request_id=REQUEST_ID)
    return found


def terms(event_id: UUID) -> list[str]:
    return [str(event_id), event_id.hex, str(event_id).upper(), "order-1", " order-1 ", str(AWS_ID), str(REQUEST_ID)]


def found(term: str, **scope: Any) -> list[UUID]:
    return [row.event_id for row in find_anything(term, Question(**scope))]


def test_every_id_finds_the_event(event_id: UUID, environment: Environment, tenant: Tenant) -> None:
    for term in terms(event_id):
        for scope in ({}, {"environment_id": environment.pk}, {"tenant_ids": (tenant.pk,)}):
            assert found(term, **scope) == [event_id], term


def test_no_id_finds_it_for_strangers(
    event_id: UUID, environment: Environment, other_environment: Environment, tenant: Tenant
) -> None:
    for term in terms(event_id):
        assert found(term, environment_id=other_environment.pk) == []
        assert found(term, environment_id=environment.pk, tenant_ids=(tenant.pk + 1,)) == []
        assert found(term, tenant_ids=()) == []


@pytest.mark.parametrize(
    "term", ["", "nothing", "01a20917-63ba-7000-842e-ee468b23f2ef", "'; drop table events; --", "x" * 10_000]
)
def test_what_is_no_id_finds_nothing(event_id: UUID, term: str) -> None:
    assert found(term) == []


def test_a_request_finds_all_its_events_newest_first(
    event_id: UUID, tenant: Tenant, store_events: Store, now: datetime
) -> None:
    (result,) = store_events({"tenant": "alder", "type": "order.created", "detail": {}})
    later = UUID(str(result.event_id))
    accepted(Source.objects.get(tenant=tenant), later, now, request_id=REQUEST_ID)
    assert found(str(REQUEST_ID)) == [later, event_id]


@pytest.mark.parametrize("column", ["aws_id", "request_id"])
def test_older_days_are_not_searched_for_an_id_of_aws_once_it_is_found(
    event_id: UUID, column: str, now: datetime
) -> None:
    wanted = {"id": {"aws_id": AWS_ID, "request_id": REQUEST_ID}[column], "most": 1}
    with connection.cursor() as cursor:
        cursor.execute("explain (analyze, costs off, timing off) " + BY_ID_AT_AWS.format(column=column), wanted)
        plan = [line for (line,) in cursor.fetchall() if "Scan" in line]
    assert all("never executed" in line for line in plan if f"attempts_{now - timedelta(days=1):%Y%m%d}" in line)
    assert any("never executed" not in line for line in plan if f"attempts_{now:%Y%m%d}" in line)


def test_ids_are_remembered_since_the_beginning_of_the_oldest_weekly_table(now: datetime) -> None:
    execute("create table idempotency_2020w02 (key uuid primary key, event_id uuid not null, body bigint not null)")
    assert search.remembered_from() == datetime(2020, 1, 6, tzinfo=UTC)
    assert storage.week_table(datetime(2020, 1, 6, tzinfo=UTC)) == "idempotency_2020w02"
    assert storage.week_table(datetime(2020, 1, 6, tzinfo=UTC) - timedelta(seconds=1)) == "idempotency_2020w01"
