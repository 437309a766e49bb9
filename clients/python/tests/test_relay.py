"""Sending what the outbox holds: once, in order, past every obstacle, with any number of relays."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from conftest import KEY
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import close_old_connections, connection, connections
from django.db.models import F
from django.utils import timezone
from scripted_server import (
    Handler,
    Partnerbus,
    Request,
    half_an_answer,
    hang_up,
    problem,
    store,
    store_and_hang_up,
)

from partnerbus_client import Client, Event
from partnerbus_client.outbox import enqueue, enqueue_many
from partnerbus_client.outbox.models import OutboxEvent
from partnerbus_client.outbox.relaying import Relay
from partnerbus_client.outbox.standing import standing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def relay(client: Client) -> Relay:
    return Relay(client)


@pytest.fixture
def shop(partnerbus: Partnerbus, settings: Any) -> None:
    """The settings that a shop has."""
    settings.PARTNERBUS_URL = partnerbus.url
    settings.PARTNERBUS_KEY = KEY
    settings.PARTNERBUS_OPTIONS = {"proxy": ""}


def fill(count: int) -> None:
    enqueue_many((Event("alder", "a", {"n": n}, id=f"e{n}") for n in range(count)), autocommit=True)


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("partnerbus_relay", *arguments, stdout=said)
    return said.getvalue()


def test_events_are_sent_once_and_in_order(client: Client, relay: Relay, partnerbus: Partnerbus) -> None:
    fill(1_200)
    done = Relay(client, batch=500).drain()
    assert (done.sent, done.dead, done.error) == (1_200, 0, None)
    assert partnerbus.posted == [f"e{n}" for n in range(1_200)]
    assert [len(request.ids) for request in partnerbus.requests] == [500, 500, 200]
    assert relay.run_once().idle
    assert OutboxEvent.objects.filter(sent_at__isnull=False, attempts=1).count() == 1_200


def test_a_rejected_event_is_dead_with_its_code_and_blocks_nothing(relay: Relay, partnerbus: Partnerbus) -> None:
    partnerbus.rejects["e0"] = "tenant_unknown"
    fill(3)
    done = relay.run_once()
    assert (done.sent, done.dead) == (2, 1)
    dead = OutboxEvent.objects.dead().get()
    assert (dead.event_id, dead.code, dead.message) == ("e0", "tenant_unknown", "No: tenant_unknown.")
    assert relay.run_once().idle


def test_a_revived_event_is_sent(shop: None, partnerbus: Partnerbus) -> None:
    partnerbus.rejects.update(e0="tenant_unknown", e1="event_too_large")
    fill(2)
    run("--once")
    partnerbus.rejects.clear()
    assert run("--revive", "tenant_unknown") == "1 event waits to be sent again.\n"
    assert run("--once") == "1 sent, 0 dead, 0 put off.\n"
    assert OutboxEvent.objects.dead().get().event_id == "e1"
    assert run("--revive", "all") == "1 event waits to be sent again.\n"


def test_an_id_that_stands_for_another_event_is_dead_and_not_taken_for_sent(
    relay: Relay, partnerbus: Partnerbus
) -> None:
    enqueue(tenant="alder", type="a", detail={"n": 1}, id="same", autocommit=True)
    enqueue(tenant="alder", type="a", detail={"n": 2}, id="same", autocommit=True)
    done = relay.run_once()
    assert (done.sent, done.dead) == (1, 1)
    assert OutboxEvent.objects.dead().get().code == "id_reused"


@pytest.mark.parametrize("trouble", [store_and_hang_up, half_an_answer])
def test_an_answer_that_was_lost_makes_a_duplicate_and_no_second_event(
    relay: Relay, partnerbus: Partnerbus, trouble: Callable[..., None]
) -> None:
    fill(5)
    partnerbus.script.append(trouble)
    assert relay.run_once().error
    assert relay.run_once().sent == 5
    assert len(partnerbus.posted) == 10
    assert len(partnerbus.stored) == 5
    assert len({request.body for request in partnerbus.requests}) == 1


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (hang_up, "no_answer"),
        (problem(503, "store_unavailable", Retry_After="2"), "store_unavailable"),
        (problem(429, "rate_limited", Retry_After="2"), "rate_limited"),
        (problem(401, "key_expired"), "key_expired"),
        (problem(404, "not_found"), "not_found"),
    ],
)
def test_a_server_that_takes_nothing_leaves_everything_waiting(
    relay: Relay, partnerbus: Partnerbus, trouble: Callable[..., None], code: str
) -> None:
    fill(3)
    partnerbus.script.append(trouble)
    done = relay.run_once()
    assert (done.sent, done.dead, bool(done.error)) == (0, 0, True)
    assert set(OutboxEvent.objects.waiting().values_list("code", "attempts", "not_before")) == {(code, 1, None)}
    assert relay.run_once().sent == 3


def test_what_was_answered_before_the_trouble_is_sent(
    client_for: Callable[..., Client], partnerbus: Partnerbus
) -> None:
    fill(6)
    partnerbus.script.extend([store, hang_up])
    relay = Relay(client_for(max_body_bytes=300))
    done = relay.run_once()
    assert 0 < done.sent < 6
    assert done.error
    assert relay.run_once().sent == 6 - done.sent
    assert len(partnerbus.stored) == 6


def test_an_event_at_which_the_server_fails_is_put_off_and_the_others_pass(
    relay: Relay, partnerbus: Partnerbus
) -> None:
    def fail_at_e2(handler: Handler, request: Request) -> None:
        (problem(500, "internal_error") if "e2" in request.ids else store)(handler, request)

    partnerbus.always = fail_at_e2
    fill(5)
    relay.drain()
    assert sorted(partnerbus.stored) == ["e0", "e1", "e3", "e4"]
    poison = OutboxEvent.objects.waiting().get()
    assert poison.not_before is not None
    assert (poison.event_id, poison.code, poison.alone) == ("e2", "internal_error", True)
    assert poison.not_before > timezone.now()
    enqueue(tenant="alder", type="a", detail={}, id="later", autocommit=True)
    assert relay.run_once().sent == 1


def test_a_server_that_fails_at_everything_is_left_in_peace(relay: Relay, partnerbus: Partnerbus) -> None:
    partnerbus.always = problem(500, "internal_error")
    fill(50)
    assert relay.drain().error
    assert relay.drain().error
    assert len(partnerbus.requests) <= 7
    assert OutboxEvent.objects.waiting().filter(claim__isnull=False).count() == 0
    partnerbus.always = None
    OutboxEvent.objects.update(not_before=None)
    assert relay.drain().sent == 50


def test_what_a_dead_relay_had_is_free_after_its_lease(client: Client, partnerbus: Partnerbus) -> None:
    class Killed(BaseException):
        pass

    class DyingClient(Client):
        def send_many(self, *arguments: Any, **named: Any) -> Any:
            super().send_many(*arguments, **named)
            raise Killed

    fill(3)
    with pytest.raises(Killed):
        Relay(DyingClient(partnerbus.url, KEY, proxy=""), lease=timedelta(minutes=5)).run_once()
    OutboxEvent.objects.update(not_before=F("not_before") - timedelta(minutes=4))
    assert Relay(client).run_once().idle
    OutboxEvent.objects.update(not_before=F("not_before") - timedelta(minutes=1))
    assert Relay(client).run_once().sent == 3
    assert (len(partnerbus.posted), len(partnerbus.stored)) == (6, 3)


def test_several_relays_share_the_work_and_send_nothing_twice(client: Client, partnerbus: Partnerbus) -> None:
    fill(600)

    def work(_: int) -> int:
        try:
            return Relay(client, batch=20).drain().sent
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 600
    assert sorted(partnerbus.posted) == sorted(f"e{n}" for n in range(600))


def test_no_transaction_is_open_while_events_are_sent(relay: Relay, partnerbus: Partnerbus) -> None:
    seen: list[bool] = []

    def write_meanwhile(handler: Handler, request: Request) -> None:
        try:
            OutboxEvent.objects.filter(event_id="e0").update(message="the shop goes on")
            seen.append(True)
        finally:
            connection.close()
        store(handler, request)

    partnerbus.always = write_meanwhile
    fill(1)
    assert relay.run_once().sent == 1
    assert seen == [True]


def test_a_damaged_row_is_dead_and_blocks_nothing(relay: Relay) -> None:
    fill(3)
    OutboxEvent.objects.filter(event_id="e1").update(detail="{")
    done = relay.run_once()
    assert (done.sent, done.dead) == (2, 1)
    assert OutboxEvent.objects.dead().get().code == "row_invalid"


def test_only_damaged_rows_are_no_request(relay: Relay, partnerbus: Partnerbus) -> None:
    fill(1)
    OutboxEvent.objects.update(time="yesterday")
    assert relay.run_once().dead == 1
    assert partnerbus.requests == []


def test_sent_events_are_pruned_and_others_stay(client: Client, relay: Relay, partnerbus: Partnerbus) -> None:
    partnerbus.rejects["e0"] = "tenant_unknown"
    fill(3)
    relay.run_once()
    fill(1)
    assert relay.prune(keep=timedelta(days=7)) == 0
    assert relay.prune(keep=timedelta(0)) == 2
    assert (OutboxEvent.objects.dead().count(), OutboxEvent.objects.waiting().count()) == (1, 1)


def test_the_standing_counts_what_waits_and_why_something_is_dead(
    relay: Relay, partnerbus: Partnerbus, shop: None
) -> None:
    assert json.loads(run("--status")) == {"waiting": 0, "oldest_seconds": None, "dead": {}}
    partnerbus.rejects["e0"] = "tenant_unknown"
    fill(1)
    relay.run_once()
    fill(2)
    now = standing()
    assert (now.waiting, now.dead) == (2, {"tenant_unknown": 1})
    assert 0.0 <= (now.oldest_seconds or -1.0) < 60.0


def test_once_says_what_stays_and_fails(shop: None, partnerbus: Partnerbus) -> None:
    fill(1)
    partnerbus.always = problem(403, "scope_missing")
    with pytest.raises(CommandError, match="scope_missing"):
        run("--once")
    partnerbus.always = problem(500, "internal_error")
    with pytest.raises(CommandError, match="the server fails"):
        run("--once")


def test_missing_settings_are_named(settings: Any) -> None:
    settings.PARTNERBUS_URL = ""
    with pytest.raises(ImproperlyConfigured, match="PARTNERBUS_URL and PARTNERBUS_KEY"):
        run("--once")
    settings.PARTNERBUS_URL, settings.PARTNERBUS_KEY = "http://127.0.0.1:1", "key"
    settings.PARTNERBUS_OPTIONS = {"patience": 3}
    with pytest.raises(ImproperlyConfigured, match="patience"):
        run("--once")


def test_the_command_relays_until_it_is_told_to_stop(partnerbus: Partnerbus) -> None:
    partnerbus.script.append(hang_up)
    database = connection.settings_dict
    named = {
        "OUTBOX_DATABASE_FILE": str(database["NAME"]),
        "OUTBOX_DATABASE_URL": os.environ.get("OUTBOX_DATABASE_URL", "").rpartition("/")[0] + f"/{database['NAME']}"
        if connection.vendor == "postgresql"
        else "",
    }
    environment = {
        **os.environ,
        **named,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "PARTNERBUS_URL": partnerbus.url,
        "PARTNERBUS_KEY": KEY,
        "no_proxy": "127.0.0.1",
    }
    command = [sys.executable, "-m", "django", "partnerbus_relay", "--interval", "0.1", "--keep-days", "0"]
    relay = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        fill(3)
        wait_until(lambda: len(partnerbus.stored) == 3)
        enqueue(tenant="alder", type="a", detail={}, id="later", autocommit=True)
        wait_until(lambda: "later" in partnerbus.stored)
    finally:
        relay.send_signal(signal.SIGTERM)
        said = relay.communicate(timeout=20)[1]
    assert relay.returncode == 0
    assert "Partnerbus did not take it" in said


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.02)
    close_old_connections()
