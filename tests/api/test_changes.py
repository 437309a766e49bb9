"""The feed of changes."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations.registration.models import Environment
from integrations.sources.changes import changes_after
from integrations.sources.models import Source, SourceChange
from tenants.models import Tenant
from tests.api.conftest import Call, problem


def change(source: Source, after: str) -> SourceChange:
    return SourceChange.objects.create(
        source=source, at=timezone.now(), cause="aws", field="observed", before="x", after=after
    )


@pytest.mark.django_db
def test_every_change_is_shown_once_and_in_order(call: Call, make_source: Any, tenant: Tenant) -> None:
    source = make_source(tenant)
    for word in ("one", "two", "three"):
        change(source, word)
    first = call("GET", "/changes?limit=2").json()
    assert [one["after"] for one in first["changes"]] == ["one", "two"]
    assert first["more"]
    assert first["changes"][0]["tenant"] == "alder"
    assert first["changes"][0]["source"] == str(source.public_id)
    assert first["changes"][0]["state"] == "active"
    second = call("GET", f"/changes?after={first['next']}").json()
    assert [one["after"] for one in second["changes"]] == ["three"]
    assert not second["more"]
    assert call("GET", f"/changes?after={second['next']}").json() == {
        "changes": [],
        "next": second["next"],
        "more": False,
    }
    assert call("GET", f"/changes?after={first['next']}").json() == second


@pytest.mark.django_db
def test_a_feed_has_nothing_of_another_environment(
    call: Call, make_source: Any, tenant: Tenant, other_key: str
) -> None:
    change(make_source(tenant), "mine")
    assert call("GET", "/changes", key=other_key).json()["changes"] == []
    assert len(call("GET", "/changes").json()["changes"]) == 1


@pytest.mark.django_db
def test_it_needs_a_key_that_reads_sources_and_a_cursor_of_its_own(
    call: Call, key_with: Callable[..., str], api_key: str
) -> None:
    problem(call("GET", "/changes", key=key_with("events:write")), 403, "scope_missing")
    problem(call("GET", "/changes", key=None), 401, "key_missing")
    for cursor in ("x", "-1", "1.5", "9" * 30, "²"):
        problem(call("GET", f"/changes?after={cursor}"), 422, "cursor_invalid")


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_committed_late_stands_behind_what_was_shown(
    make_source: Any, tenant: Tenant, environment: Environment
) -> None:
    source = make_source(tenant)
    wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            change(source, "slow")
            wrote.set()
            may_commit.wait(10)
        connection.close()

    other = threading.Thread(target=slow)
    other.start()
    wrote.wait(10)
    change(source, "fast")
    shown = changes_after(environment, 0, 10)
    assert [one.after for one in shown.changes] == ["fast"]
    may_commit.set()
    other.join(10)
    assert [one.after for one in changes_after(environment, shown.next, 10).changes] == ["slow"]


@pytest.mark.django_db(transaction=True)
def test_readers_and_writers_at_once_leave_no_gap_and_read_the_same(
    make_source: Any, tenant: Tenant, environment: Environment
) -> None:
    source, writers, each = make_source(tenant), 4, 25
    read: dict[int, list[str]] = {0: [], 1: []}
    done = threading.Event()

    def write(writer: int) -> None:
        for number in range(each):
            with transaction.atomic():
                change(source, f"{writer}-{number}")
        connection.close()

    def follow(reader: int) -> None:
        position = 0
        while len(read[reader]) < writers * each:
            stretch = changes_after(environment, position, 7)
            read[reader] += [one.after for one in stretch.changes]
            position = stretch.next
            if done.is_set() and not stretch.changes:
                break
        connection.close()

    writing = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    reading = [threading.Thread(target=follow, args=(number,)) for number in range(2)]
    for thread in [*writing, *reading]:
        thread.start()
    for thread in writing:
        thread.join(30)
    done.set()
    for thread in reading:
        thread.join(30)
    assert read[0] == read[1]
    assert sorted(read[0]) == sorted(f"{writer}-{number}" for writer in range(writers) for number in range(each))
