"""Partitions and weekly tables: ahead of time, once, and where ids and moments belong."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from integrations.events import storage
from tenants.identifiers import lowest_uuid_of
from tests.events.conftest import rows

pytestmark = pytest.mark.django_db
NOON = datetime(2031, 5, 14, 12, 0, tzinfo=UTC)


def make_ahead(moment: datetime) -> None:
    rows("select 1")  # begins the test's transaction: psycopg would take its own block for the outermost and commit
    storage.make_ahead(connection.connection, moment)


def partitions(parent: str) -> set[str]:
    return {
        name
        for (name,) in rows(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = %s::regclass",
            parent,
        )
    }


def test_a_week_ahead_is_made_and_making_it_again_changes_nothing() -> None:
    make_ahead(NOON)
    made = {parent: partitions(parent) for parent in ("events", "settled", "attempts")}
    make_ahead(NOON)
    assert {parent: partitions(parent) for parent in made} == made
    for parent, names in made.items():
        days = {f"{parent}_{NOON + timedelta(days=offset):%Y%m%d}" for offset in range(-1, 8)}
        assert days <= names
    assert storage.missing_tables(connection.connection, NOON) == []


def test_what_is_missing_is_named() -> None:
    assert storage.missing_tables(connection.connection, NOON) == [
        "events_20310514",
        "settled_20310514",
        "attempts_20310514",
        "idempotency_2031w20",
    ]


@pytest.mark.parametrize("moment", [NOON.replace(hour=0), NOON.replace(hour=23, minute=59, second=59)])
def test_ids_and_moments_of_a_day_fall_into_its_partition(moment: datetime) -> None:
    make_ahead(NOON)
    event_id = lowest_uuid_of(moment)
    rows(
        "insert into events (id, environment_id, tenant_id, type_id, wire) values (%s, 1, 1, 1, '') returning 1",
        event_id,
    )
    rows(
        "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
        " values (%s, 1, %s, 0, 1, 1, 1, 3) returning 1",
        event_id,
        moment,
    )
    assert rows("select tableoid::regclass::text from events where id = %s", event_id) == [("events_20310514",)]
    assert rows("select tableoid::regclass::text from attempts where event_id = %s", event_id) == [
        ("attempts_20310514",)
    ]


def test_a_partition_carries_the_primary_key_and_the_indexes() -> None:
    make_ahead(NOON)
    of_partition = {row[0] for row in rows("select indexdef from pg_indexes where tablename = 'events_20310514'")}
    of_parent = rows("select count(*) from pg_indexes where tablename = 'events'")[0][0]
    assert len(of_partition) == of_parent
    assert any("UNIQUE" in definition and "(id)" in definition for definition in of_partition)
