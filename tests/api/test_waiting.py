"""`?wait=`: the call stays until a worker has brought AWS's answer."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone

from integrations.sources.sweep import sweep
from tenants.models import Tenant
from tests.api.conftest import Call
from tests.aws.scripted_aws import ScriptedAws, refuse
from tests.sources.aws_side import accounts, created, endpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    server = ScriptedAws()
    with endpoint(monkeypatch, server.url):
        yield server
    server.close()


@pytest.fixture
def worker() -> Iterator[None]:
    """What the Celery worker does, in a thread of this process."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            sweep(clock=timezone.now)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(10)


OFFER = {"account": "222222222222", "region": "eu-west-1"}


def test_the_answer_carries_awss_word(
    call: Call, tenant: Tenant, store: None, scripted: ScriptedAws, worker: None
) -> None:
    scripted.answers(created(), accounts("222222222222"))
    answer = call("POST", "/tenants/alder/sources?wait=20", OFFER)
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")


def test_a_refusal_ends_the_waiting_too(
    call: Call, tenant: Tenant, store: None, scripted: ScriptedAws, worker: None
) -> None:
    scripted.answers(refuse("OperationDisabledException"))
    answer = call("POST", "/tenants/alder/sources?wait=20", OFFER)
    assert (answer.status_code, answer.json()["state"]) == (202, "failed")
    assert answer.json()["failure"]["code"] == "OperationDisabledException"
