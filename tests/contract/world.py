"""The two accounts and the endpoint that the contract is checked against: our simulator, or AWS itself.

By default each run starts the simulator. Against AWS: CONTRACT_ENDPOINT=aws, CONTRACT_PUBLISHER_PROFILE and
CONTRACT_CUSTOMER_PROFILE (names of profiles), CONTRACT_NAMESPACE (registered for the publisher), CONTRACT_REGION, and
CONTRACT_MAX_REQUEST_BYTES where AWS has raised its limit.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from integrations.aws import partner_sources
from integrations.aws.names import source_name
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import Outcome
from tests.aws.calling import put_partner_events

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60 if os.environ.get("CONTRACT_ENDPOINT") == "aws" else 5
Seen = TypeVar("Seen")


@dataclass
class Customer:
    """A tenant's AWS account, seen through plain boto3."""

    account: str
    session: boto3.session.Session
    endpoint: str | None

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint)

    def __post_init__(self) -> None:
        self.events, self.sqs = self.client("events"), self.client("sqs")

    def attach(self, name: str) -> str:
        bus: str = self.events.create_event_bus(Name=name, EventSourceName=name)["EventBusArn"]
        return bus

    def state(self, name: str) -> str | None:
        """AWS's word for the source in the customer's eyes, None when AWS does not know it."""
        try:
            return str(self.events.describe_event_source(Name=name)["State"])
        except self.events.exceptions.ResourceNotFoundException:
            return None


@dataclass
class World:
    """Both sides of the contract: the publisher through our gateway and through plain boto3, and its customer."""

    publisher: Publisher
    region: str
    namespace: str
    partner: Any
    customer: Customer
    endpoint: str | None
    max_request_bytes: int
    names: list[str] = field(default_factory=list)

    def name(self, label: str = "events") -> str:
        """Return a name that nobody has used; what is made under it is cleared away after the test."""
        name = source_name(self.namespace, "contract", uuid4(), label)
        self.names.append(name)
        return name

    def offered(self) -> str:
        """Return the name of a fresh PENDING source of the customer."""
        name = self.name()
        partner_sources.create(self.publisher, self.region, name, self.customer.account)
        return name

    def accepted(self) -> str:
        """Return the name of a fresh ACTIVE source of the customer."""
        name = self.offered()
        self.customer.attach(name)
        return name

    def state(self, name: str) -> str | None:
        """The partner's view: AWS's word, or None when the source is gone in either of the ways AWS may say so."""
        try:
            accounts = partner_sources.accounts_of(self.publisher, self.region, name)
        except partner_sources.SourceNotFound:
            return None
        states = {row.account: row.state for row in accounts}
        return None if states.get(self.customer.account) in (None, "DELETED") else states[self.customer.account]

    def put(self, *entries: dict[str, Any]) -> list[Outcome]:
        wire = [json.dumps(entry).encode() for entry in entries]
        return put_partner_events(
            self.publisher, self.region, wire, timeout=30, max_request_bytes=self.max_request_bytes
        ).outcomes

    def another_customer(self) -> Customer:
        if not self.endpoint:
            pytest.skip("a third account is not set up for runs against AWS")
        return Customer("333333333333", session_of("333333333333", self.region), self.endpoint)

    def sandbox(self, path: str, body: dict[str, Any] | None = None) -> None:
        """Use one of the simulator's own doors; a test that needs them is skipped against AWS."""
        if not self.endpoint:
            pytest.skip("AWS has neither a movable clock nor faults on demand")
        method = "DELETE" if body is None else "POST"
        request = urllib.request.Request(  # noqa: S310 - the address is the simulator's
            f"{self.endpoint}/_sandbox/{path}", method=method, data=None if body is None else json.dumps(body).encode()
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310

    def clear(self) -> None:
        """Undo what a test has made: rules and buses of the customer, sources of the publisher."""
        while self.names:
            name = self.names.pop()
            remove_bus(self.customer, name)
            partner_sources.delete(self.publisher, self.region, name, self.customer.account)


def remove_bus(customer: Customer, name: str) -> None:
    events = customer.events
    try:
        rules = [rule["Name"] for rule in events.list_rules(EventBusName=name)["Rules"]]
    except ClientError:
        return
    for rule in rules:
        targets = events.list_targets_by_rule(Rule=rule, EventBusName=name)["Targets"]
        if targets:
            events.remove_targets(Rule=rule, EventBusName=name, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=rule, EventBusName=name)
    events.delete_event_bus(Name=name)


def entry(source: str, detail: str = '{"n":1}', **fields: Any) -> dict[str, Any]:
    return {"Source": source, "DetailType": "contract.checked", "Detail": detail, **fields}


def eventually(look: Callable[[], Seen], wanted: Seen) -> Seen:
    """Look until it is as wanted or patience ends, and return what was seen last."""
    deadline = time.monotonic() + PATIENCE
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1 if PATIENCE < 10 else 2)
    return seen


def code_of(act: Callable[[], object]) -> str:
    """Return the error code with which AWS refuses, as plain boto3 reports it."""
    with pytest.raises(ClientError) as refused:
        act()
    return str(refused.value.response["Error"]["Code"])


def session_of(account: str, region: str) -> boto3.session.Session:
    """Return a session for the simulator, which takes a 12-digit access key id for the account."""
    return boto3.session.Session(aws_access_key_id=account, aws_secret_access_key="any", region_name=region)


@contextmanager
def simulator() -> Iterator[str]:
    """Run the simulator and give its address."""
    command = [sys.executable, "-m", "integrations.sandbox", "--port", "0", "--state", "memory"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, "the simulator did not start; its errors are above"
            yield found[0]
        finally:
            process.terminate()
