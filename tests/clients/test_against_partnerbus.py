"""The Python client and its outbox against the real thing, over a network that loses answers."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from partnerbus_client import AccessDenied, Batcher, Client, Event, EventRejected, Unauthorized

from integrations.registration.keys import issue_key
from integrations.registration.models import Environment
from tests.clients.conftest import stored
from tests.clients.lossy_proxy import LossyProxy
from tests.conftest import SYSTEM

CLIENT = Path(__file__).parents[2] / "clients/python"
EXACT = '{ "total": 12.50, "z": 123456789012345678901234567890, "a": "\\u0000 ä \U0001f600" }'


@pytest.mark.usefixtures("tenant")
def test_events_are_stored_once_though_answers_are_lost(client: Client, proxy: LossyProxy) -> None:
    proxy.loses = 2
    events = [Event("alder", "order.created", {"n": n}, id=f"order-{n}") for n in range(1_500)]
    receipt = client.send_many(events)
    assert (receipt.stored, receipt.duplicates, receipt.rejected) == (500, 1_000, 0)
    assert [result.event for result in receipt] == events
    assert proxy.passed == 4
    assert stored() == 1_500


@pytest.mark.usefixtures("tenant")
def test_an_event_arrives_as_it_was_given(client: Client) -> None:
    result = client.send(Event("alder", "order.created", EXACT, resources=["urn:order:1"]))
    told = client.call("GET", f"/events/{result.event_id}")
    assert (told["tenant"], told["type"], told["id"]) == ("alder", "order.created", result.event.id)
    assert "urn:order:1" in told["resources"]
    assert told["detail"] == json.loads(EXACT)


@pytest.mark.usefixtures("tenant")
def test_what_partnerbus_says_of_an_event_reaches_the_caller(client: Client) -> None:
    receipt = client.send_many(
        [
            Event("alder", "a", {}, id="good"),
            Event("birch", "a", {}, id="stranger"),
            Event("alder", "a", {"x": "x" * 300_000}, id="large"),
            Event("alder", "a", '{"half": "\\ud800"}', id="half"),
            Event("alder", "a", {"n": 1}, id="good"),
        ]
    )
    assert [result.code for result in receipt] == [
        None,
        "tenant_unknown",
        "event_too_large",
        "surrogate_invalid",
        "id_reused",
    ]
    assert stored() == 1
    with pytest.raises(EventRejected, match="tenant_unknown"):
        client.send(Event("birch", "a", {}))


def test_a_tenant_can_be_put_by_the_same_client(client: Client) -> None:
    assert client.call("PUT", "/tenants/birch", {"name": "Birch"})["name"] == "Birch"
    assert client.send(Event("birch", "a", {})).status == "stored"


def test_a_key_that_may_not_is_refused_with_the_code(
    client_of: Callable[[str], Client], environment: Environment, now: object
) -> None:
    reader = issue_key(environment=environment, name="reader", scopes=["events:read"], actor=SYSTEM, now=now)[1]
    with pytest.raises(AccessDenied) as denied:
        client_of(reader).send(Event("alder", "a", {}))
    assert denied.value.code == "scope_missing"
    with pytest.raises(Unauthorized):
        client_of("nonsense").send(Event("alder", "a", {}))


@pytest.mark.usefixtures("tenant")
def test_the_batcher_brings_every_event_once(client: Client, proxy: LossyProxy) -> None:
    back: list[object] = []
    proxy.loses = 3
    with Batcher(client, on_error=lambda events, error: back.append(error), max_events=50, max_age=0.05) as batcher:
        for n in range(200):
            batcher.add(Event("alder", "order.created", {"n": n}))
    assert back == []
    assert stored() == 200


@pytest.mark.usefixtures("tenant")
def test_the_outbox_of_a_shop_brings_what_was_committed_and_only_once(
    address: str, api_key: str, proxy: LossyProxy, tmp_path: Path
) -> None:
    shop = Shop(address, api_key, proxy.url, tmp_path)
    shop.manage("migrate", "-v", "0")
    shop.run(f"""
        from django.db import transaction
        from partnerbus_client.outbox import enqueue
        for n in range(30):
            with transaction.atomic():
                enqueue(tenant="alder", type="order.created", detail={EXACT!r}, id=f"order-{{n}}")
                transaction.set_rollback(n % 3 == 0)
        enqueue(tenant="birch", type="order.created", detail={{}}, id="stranger", autocommit=True)
    """)
    proxy.loses = 1
    lost = shop.manage("partnerbus_relay", "--once", check=False)
    assert (lost.returncode, stored()) == (1, 20)
    assert "20 sent, 1 dead" in shop.manage("partnerbus_relay", "--once").stdout
    assert "0 sent, 0 dead" in shop.manage("partnerbus_relay", "--once").stdout
    assert json.loads(shop.manage("partnerbus_relay", "--status").stdout)["dead"] == {"tenant_unknown": 1}
    assert stored() == 20
    assert proxy.passed == 2


class Shop:
    """A Django project of its own, in processes of its own, that uses the outbox."""

    def __init__(self, url: str, key: str, proxy: str, directory: Path) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{CLIENT / 'src'}{os.pathsep}{CLIENT / 'tests'}",
            "DJANGO_SETTINGS_MODULE": "shop_settings",
            "OUTBOX_DATABASE_FILE": str(directory / "shop.sqlite3"),
            "PARTNERBUS_URL": url,
            "PARTNERBUS_KEY": key,
            "http_proxy": proxy,
        }

    def manage(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return self._python("-m", "django", *arguments, check=check)

    def run(self, program: str) -> None:
        self._python("-c", "import django; django.setup()\n" + textwrap.dedent(program))

    def _python(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        said = subprocess.run(
            [sys.executable, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert said.returncode == 0 or not check, said.stderr
        return said
