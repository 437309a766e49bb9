"""The stub answers like AWS where a sender looks, and counts right."""

import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import boto3
import pytest

from tests.benchmarks import aws
from tests.benchmarks.aws import Aws
from tests.benchmarks.boto3_loop import entries_of_call

TARGET = "AWSEvents.PutPartnerEvents"


@pytest.fixture(scope="module")
def stub() -> Iterator[Aws]:
    with aws.standing_in() as running:
        yield running


@pytest.fixture
def client(stub: Aws, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in stub.environment.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    return boto3.Session().client("events")


def test_every_entry_gets_an_id_of_its_own(client: Any) -> None:
    replies = [client.put_partner_events(Entries=entries_of_call(call, 20)) for call in range(3)]
    ids = [UUID(entry["EventId"]) for reply in replies for entry in reply["Entries"]]
    assert len(set(ids)) == 60
    assert {reply["FailedEntryCount"] for reply in replies} == {0}


def test_entries_and_their_bytes_are_counted(stub: Aws) -> None:
    before = stub.counts()
    entries = [json.dumps(entry, separators=(",", ":")) for entry in entries_of_call(0, 3)]
    connection = HTTPConnection("127.0.0.1", stub.port, timeout=10)
    connection.request("POST", "/", f'{{"Entries":[{",".join(entries)}]}}', {"X-Amz-Target": TARGET})
    assert len(json.loads(connection.getresponse().read())["Entries"]) == 3
    connection.close()
    after = stub.counts()
    assert (after.calls - before.calls, after.accepted - before.accepted) == (1, 3)
    assert after.entry_bytes - before.entry_bytes == sum(map(len, entries))


def test_the_log_says_when_which_event_was_accepted_but_not_of_skipped_sources(stub: Aws, client: Any) -> None:
    with stub.behaving(logging=True, skipping="/t1/"):
        client.put_partner_events(Entries=entries_of_call(7, 3))
        log = stub.log()
    assert sorted(log) == [f"01900000-0000-7000-8000-{7:06}{number:06}" for number in (0, 2)]
    assert all(abs(time.time() - at) < 10 for at in log.values())


def test_it_answers_as_late_as_it_was_told_and_only_then(stub: Aws, client: Any) -> None:
    client.put_partner_events(Entries=entries_of_call(0, 1))
    with stub.behaving(latency=0.2):
        began = time.monotonic()
        client.put_partner_events(Entries=entries_of_call(0, 1))
        assert time.monotonic() - began >= 0.2
    began = time.monotonic()
    client.put_partner_events(Entries=entries_of_call(0, 1))
    assert time.monotonic() - began < 0.2


def test_who_asks_is_the_publisher_account(client: Any) -> None:
    assert boto3.Session().client("sts").get_caller_identity()["Account"] == "111111111111"
