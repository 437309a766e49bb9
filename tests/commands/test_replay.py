"""`manage.py replay`."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from dashboard.management.commands import replay as command
from integrations.events import ingest
from integrations.events.models import Replay
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tenants.models import AuditEntry, Tenant
from tests.commands.conftest import Said
from tests.events.conftest import rows, store_events
from tests.events.replayed import accept, ids, kill, queued_for, run, send

__all__ = ["store_events"]  # a fixture of the event path

pytestmark = pytest.mark.usefixtures("store")
Manage = Callable[..., Said]
OF_SHOP = ("replay", "shop", "test")


@pytest.fixture
def alder(tenant: Tenant, make_source: Callable[..., Source]) -> Source:
    return make_source(tenant)


@pytest.fixture
def stored(alder: Source, store_events: Callable[..., list[ingest.Result]]) -> list[UUID]:
    """Two events: an accepted one and a dead letter."""
    posted = [{"tenant": "alder", "type": "order.created", "detail": {"n": n}} for n in range(2)]
    events = ids(store_events(*posted))
    accept(alder, events[0])
    kill(alder, events[1])
    return events


def test_a_dry_run_counts_and_shows_some(manage: Manage, alder: Source, stored: list[UUID]) -> None:
    said = manage(*OF_SHOP, "--tenant", "alder", "--dry-run")
    assert "Deliveries that match: 2; of those, without their event: 0" in said.output
    assert f"{stored[1]} dead for source {alder.public_id}" in said.output
    assert not Replay.objects.exists()


def test_it_asks_for_a_replay_with_every_filter(manage: Manage, alder: Source, stored: list[UUID]) -> None:
    unknown = str(uuid7())
    options = ("--events", f"{stored[0]},{unknown}", "--tenant", "alder", "--source", str(alder.public_id))
    more = ("--type", "order.created", "--states", "accepted", "--code", "accepted", "--rate", "7")
    period = ("--from", "2026-01-01T00:00:00Z", "--to", "2999-01-01T00:00:00+01:00")
    said = manage(*OF_SHOP, *options, *more, *period, "--json")
    document = json.loads(said.output)
    assert (document["state"], document["matched"]) == ("requested", 1)
    assert unknown in said.error
    replay = Replay.objects.get()
    assert (str(replay.public_id), replay.rate, replay.actor_label) == (document["id"], 7, "manage.py replay")
    assert queued_for(run(replay)) == [stored[0]]
    assert AuditEntry.objects.get(action="replay:request").actor_kind == "system"


def test_waiting_shows_the_progress_until_it_is_done(
    manage: Manage, stored: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker and AWS do their part while the command sleeps."""

    def work(_: float) -> None:
        replay = Replay.objects.get()
        if replay.enqueued:
            send(replay)
            run(replay, timezone.now() + timedelta(minutes=2))
        else:
            run(replay)

    monkeypatch.setattr(command.time, "sleep", work)
    lines = manage(*OF_SHOP, "--all", "--wait").output.splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "requested: 0 of 2 queued, 0 still to send",
        "running: 2 of 2 queued, 2 still to send",
        "done: 2 of 2 queued, 0 still to send",
    ]


def test_it_lists_and_cancels(manage: Manage, stored: list[UUID]) -> None:
    replay_id = json.loads(manage(*OF_SHOP, "--all", "--json").output)["id"]
    run(Replay.objects.get())
    assert f"{replay_id} running: 2 of 2 queued, 2 still to send" in manage(*OF_SHOP, "--list").output
    assert f"{replay_id} cancelling" in manage(*OF_SHOP, "--cancel", replay_id).output
    run(Replay.objects.get())
    assert f"{replay_id} cancelled: 2 of 2 queued, 0 still to send, 2 taken back" in manage(*OF_SHOP, "--list").output
    assert rows("select event_id from dead") == [(stored[1],)]


def test_it_gives_up_dead_letters(manage: Manage, stored: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.events.discarding.AT_ONCE", 1)
    assert "Deliveries that match: 1;" in manage(*OF_SHOP, "--all", "--discard", "--dry-run").output
    assert rows("select count(*) from dead") == [(1,)]
    assert "Dead letters given up: 1" in manage(*OF_SHOP, "--all", "--discard").output
    assert rows("select event_id, reason from settled") == [(stored[1], 2)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--all"),
        (("--tenant", "nobody"), "no such tenant"),
        (("--source", "01a20917-5fb2-7000-a885-fdf5efacc335"), "no such source"),
        (("--source", "orders"), "no id"),
        (("--events", "1,2"), "no id"),
        (("--from", "yesterday"), "moment with a zone"),
        (("--from", "2026-01-01T00:00:00"), "moment with a zone"),
        (("--from", "2026-13-01T00:00:00Z"), "moment with a zone"),
        (("--all", "--rate", "0"), "A rate is"),
        (("--all", "--states", "held"), "States are"),
        (("--cancel", "01a20917-5fb2-7000-a885-fdf5efacc335"), "no such replay"),
        (("--all", "--list", "--discard"), "not allowed with"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(
    manage: Manage, environment: Environment, arguments: tuple[str, ...], words: str
) -> None:
    said = manage(*OF_SHOP, *arguments)
    assert said.code == 1
    assert words in said.error
    assert not Replay.objects.exists()


def test_an_unknown_environment_is_answered_with_those_there_are(manage: Manage, environment: Any) -> None:
    assert "shop test" in manage("replay", "shop", "production", "--all").error


def test_without_any_environment_it_says_how_to_create_one(manage: Manage) -> None:
    assert "create_integration" in manage(*OF_SHOP, "--all").error


def test_another_environments_replay_is_unknown(
    manage: Manage, stored: list[UUID], other_environment: Environment
) -> None:
    replay_id = json.loads(manage(*OF_SHOP, "--all", "--json").output)["id"]
    assert "no such replay" in manage("replay", "other", "test", "--cancel", replay_id).error
    assert manage("replay", "other", "test", "--list").output == ""
