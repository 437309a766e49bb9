"""`manage.py prune`."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.events import keeping, retention
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import AuditEntry, Tenant
from tests.commands.conftest import Said
from tests.events.conftest import committed, own_session, rows, store_events
from tests.events.past import buried, execute, named, noon, past, posted, sent, stored, tables
from tests.events.publishing import MakeSource, Store

__all__ = ["committed", "store_events"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
Manage = Callable[..., Said]
OLD, KEPT = named("events", 38), named("events", 38, "_kept")


@pytest.fixture(autouse=True)
def _old_days(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keeping, "PAUSES", (0.1,))
    with past(38, 37, 18):
        yield


@pytest.fixture
def source(tenant: Tenant, make_source: MakeSource) -> Source:
    return make_source(tenant)


@pytest.fixture
def history(source: Source, store_events: Store, environment: Environment, other_environment: Environment) -> None:
    """Of an expired day one event is dead and two are done; of a younger one one is done that is too old for `shop`."""
    dead, *done = (posted(store_events, noon(38)) for _ in range(3))
    young = posted(store_events, noon(18))
    execute(
        "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
        " values (%s, %s, %s, 1, 1, 1, 1, 3)",
        dead,
        source.pk,
        noon(38),
    )
    buried(dead)
    for event_id in done:
        sent(event_id, noon(38))
    sent(young, noon(18))
    Environment.objects.filter(pk=environment.pk).update(retention_days=10)


def test_a_dry_run_tells_the_same_as_the_run_and_changes_nothing(manage: Manage, history: None) -> None:
    before = stored(), tables("events"), tables("attempts"), AuditEntry.objects.count()
    would = manage("prune", "--dry-run", "--json")
    assert (stored(), tables("events"), tables("attempts"), AuditEntry.objects.count()) == before
    done = manage("prune", "--json")
    assert comparable(would) == comparable(done)
    assert comparable(would) >= {
        (OLD, "drop", 3, "older than 30 days, the longest retention"),
        (KEPT, "keep aside", 1, retention.EVENTS_IN_USE),
        (named("attempts", 38), "drop", 3, "older than 30 days, the longest retention"),
        (named("attempts", 38, "_kept"), "keep aside", 1, retention.ATTEMPTS_IN_USE),
        (named("events", 18), "delete", 1, "older than 10 days: shop test"),
        (named("settled", 37), "drop", 0, retention.EVENTS_GONE),
    }
    assert {table for table, *_ in comparable(would)}.isdisjoint({named("settled", 38), named("settled", 18)})


def test_the_next_dry_run_tells_what_became_free_of_what_was_kept(manage: Manage, history: None) -> None:
    manage("prune")
    assert comparable(manage("prune", "--dry-run", "--json")) == set()
    execute("delete from dead")
    would = comparable(manage("prune", "--dry-run", "--json"))
    assert {(KEPT, "delete", 1), (KEPT, "drop", 0), (named("settled", 38), "drop", 0)} <= {row[:3] for row in would}
    manage("prune")
    assert tables("events").isdisjoint({OLD, KEPT})


def test_people_read_a_table_with_the_reason_of_every_line(manage: Manage, history: None) -> None:
    said = manage("prune", "--dry-run")
    first, *lines = said.output.splitlines()
    assert first.split() == ["table", "action", "rows", "bytes", "why"]
    (of_old_day,) = [line for line in lines if line.startswith(f"{OLD} ")]
    assert "drop" in of_old_day
    assert "KB" in of_old_day
    assert of_old_day.endswith("older than 30 days, the longest retention")
    assert "Would drop" in lines[-1]
    assert "Nothing was changed." in lines[-1]
    assert OLD in tables("events")
    assert "Dropped" in manage("prune").output.splitlines()[-1]


def test_with_nothing_to_do_it_says_so(manage: Manage) -> None:
    manage("prune")
    assert manage("prune", "--dry-run").output.strip() == "Nothing has expired."
    assert manage("prune").output.strip() == "Nothing has expired."


def test_another_prune_at_work_is_a_sentence_and_exit_code_1(manage: Manage) -> None:
    with retention.only_prune():
        said = manage("prune")
        assert manage("prune", "--dry-run").code == 0
    assert said.code == 1
    assert "Another prune is at work" in said.error


def test_what_somebody_uses_is_named_and_left(manage: Manage, settings: Any) -> None:
    with own_session(settings) as reader, reader.transaction():
        reader.execute("select count(*) from events")
        said = manage("prune")
    assert "leave" in said.output
    assert "were in use" in said.error
    assert named("events", 37) in tables("events")


def test_a_changed_retention_counts_at_once(manage: Manage, history: None) -> None:
    manage("environment_policy", "shop", "test", "--retention-days", "100")
    manage("environment_policy", "other", "test", "--retention-days", "100")
    assert manage("prune", "--dry-run").output.strip() == "Nothing has expired."
    assert rows("select retention_days from registration_environment order by 1") == [(100,), (100,)]
    assert timezone.now() - noon(38) < timedelta(days=100)


def comparable(said: Said) -> set[tuple[str, str, int | None, str]]:
    assert said.code == 0
    lines = (
        (line["table"], line["action"], line["rows"], line["why"])
        for line in json.loads(said.output)
        if not line["table"].startswith("idempotency")
    )
    return set(lines)
