"""A really started simulator, and the hands of a partner and of customers on it."""

import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).parents[2]
PARTNER, ALDER, BIRCH = "111111111111", "222222222222", "333333333333"
REGION = "eu-west-1"
NAME = "aws.partner/example.com.test/alder/events"
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=10)
DAY = 86_400


class Sandbox:
    def __init__(self, state: str = "memory") -> None:
        command = [sys.executable, "-m", "integrations.sandbox", "--port", "0", "--state", state]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SANDBOX_"))}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().rsplit(" ", 1)[1].strip()
        self._session = boto3.Session()
        self._clients: dict[tuple[str, ...], Any] = {}

    def client(self, service: str, key: str, region: str = REGION, token: str | None = None) -> Any:
        wanted = (service, key, region, token or "")
        if wanted not in self._clients:
            self._clients[wanted] = self._session.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=key,
                aws_secret_access_key="any",
                aws_session_token=token,
                config=ONCE,
            )
        return self._clients[wanted]

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """One request on a connection of its own; status and text of the answer."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def private(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Call a private endpoint; the answer's JSON, or (status, JSON) of a refusal."""
        data = None if body is None else json.dumps(body).encode()
        status, text = self.http(method, f"/_sandbox/{path}", data, headers)
        return json.loads(text) if status == 200 else (status, json.loads(text))

    def kill(self) -> None:
        self.process.kill()
        self._gone()

    def stop(self) -> None:
        self.process.terminate()
        self._gone()

    def _gone(self) -> None:
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


class World:
    """Partner (one account), Alder and Birch (customers), and the moves they make."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.partner = sandbox.client("events", PARTNER)
        self.alder = sandbox.client("events", ALDER)
        self.birch = sandbox.client("events", BIRCH)

    def offer(self, name: str = NAME, account: str = ALDER) -> str:
        return self.partner.create_partner_event_source(Name=name, Account=account)["EventSourceArn"]

    def withdraw(self, name: str = NAME, account: str = ALDER) -> None:
        self.partner.delete_partner_event_source(Name=name, Account=account)

    def accept(self, name: str = NAME) -> None:
        self.alder.create_event_bus(Name=name, EventSourceName=name)

    def put(self, *details: str, name: str = NAME, **fields: Any) -> dict[str, Any]:
        entries = [{"Source": name, "DetailType": "Order Placed", "Detail": detail, **fields} for detail in details]
        return self.partner.put_partner_events(Entries=entries)

    def state(self, name: str = NAME) -> str:
        """The customer's word for the source; `none` when it sees no such source."""
        try:
            return self.alder.describe_event_source(Name=name)["State"]
        except self.alder.exceptions.ResourceNotFoundException:
            return "none"

    def seen_by_partner(self, name: str = NAME) -> str:
        try:
            answer = self.partner.list_partner_event_source_accounts(EventSourceName=name)
        except self.partner.exceptions.ResourceNotFoundException:
            return "none"
        (entry,) = answer["PartnerEventSourceAccounts"]
        return entry["State"]

    def queue(self, name: str = "inbox", account: str = ALDER) -> "Inbox":
        return Inbox(self.sandbox.client("sqs", account), name)

    def subscribe(self, inbox: "Inbox", bus: str = NAME, rule: str = "everything", pattern: Any = None) -> None:
        pattern = {"account": [ALDER]} if pattern is None else pattern
        self.alder.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps(pattern))
        self.alder.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "inbox", "Arn": inbox.arn}])

    def connected(self) -> "Inbox":
        """Offer, accept and subscribe; the queue in which the events arrive."""
        self.offer()
        self.accept()
        inbox = self.queue()
        self.subscribe(inbox)
        return inbox

    def advance(self, seconds: float) -> Any:
        return self.sandbox.private("POST", "clock", {"advance_seconds": seconds})

    def faults(self, **faults: Any) -> Any:
        return self.sandbox.private("POST", "faults", faults)

    def settings(self, **settings: Any) -> Any:
        return self.sandbox.private("POST", "settings", settings)


class Inbox:
    def __init__(self, sqs: Any, name: str) -> None:
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]

    def bodies(self) -> list[str]:
        """Receive and delete everything that is visible."""
        bodies: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in messages]
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            assert not self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")
        return bodies

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies()]


def code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def message(error: ClientError) -> str:
    return error.response["Error"]["Message"]


def refusal(act: Any, *arguments: Any, **parameters: Any) -> str:
    """The error code with which the call is refused, or `accepted`."""
    try:
        act(*arguments, **parameters)
    except ClientError as error:
        return code(error)
    return "accepted"
