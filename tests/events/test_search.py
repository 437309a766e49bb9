"""Finding an event by whatever id somebody has of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from integrations.events import ingest, search, storage
from integrations.events.candidates import Question
from integrations.events.search import find_anything
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


@pytest.mark.parametrize("find", [search.ids_of_aws_id, search.ids_of_request_id])
def test_ids_of_aws_are_looked_up_by_their_filters_and_no_day_is_read_whole(
    event_id: UUID, find: Callable[[UUID], list[UUID]]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        find(AWS_ID)
    first, asked = [each["sql"] for each in queries if "SAVEPOINT" not in each["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(first)
        cursor.execute(f"explain (costs off) {asked}")
        plan = [line for (line,) in cursor.fetchall() if "Scan" in line]
    assert any("Bitmap Index Scan" in line for line in plan)
    assert not any("Seq Scan" in line for line in plan)


def test_ids_are_remembered_since_the_beginning_of_the_oldest_weekly_table(now: datetime) -> None:
    execute("create table idempotency_2020w02 (key uuid primary key, event_id uuid not null, body bigint not null)")
    assert search.remembered_from() == datetime(2020, 1, 6, tzinfo=UTC)
    assert storage.week_table(datetime(2020, 1, 6, tzinfo=UTC)) == "idempotency_2020w02"
    assert storage.week_table(datetime(2020, 1, 6, tzinfo=UTC) - timedelta(seconds=1)) == "idempotency_2020w01"
