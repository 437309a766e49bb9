"""A queue behind a rule on the customer's partner event bus: what really arrives."""

import json
import time
from typing import Any
from uuid import uuid4

from tests.contract.world import PATIENCE, Customer

QUIET = 1 if PATIENCE < 10 else 20


class Receiver:
    """Receives what a rule on the bus `name` lets through, by default everything from that source."""

    def __init__(
        self, customer: Customer, name: str, pattern: dict[str, Any] | None = None, state: str = "ENABLED"
    ) -> None:
        self.sqs = customer.sqs
        queue = f"contract-{uuid4().hex[:12]}"
        self.url = self.sqs.create_queue(QueueName=queue)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]
        self._let_eventbridge_send(attributes["QueueArn"])
        events = customer.events
        events.put_rule(
            Name=queue, EventBusName=name, State=state, EventPattern=json.dumps(pattern or {"source": [name]})
        )
        events.put_targets(Rule=queue, EventBusName=name, Targets=[{"Id": "queue", "Arn": attributes["QueueArn"]}])

    def _let_eventbridge_send(self, arn: str) -> None:
        principal = {"Service": "events.amazonaws.com"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})

    def receive(self, count: int) -> list[str]:
        """Return the bodies of `count` messages as they arrived, fewer if patience ends."""
        bodies: list[str] = []
        deadline = time.monotonic() + PATIENCE
        while len(bodies) < count and time.monotonic() < deadline:
            bodies += self._batch(wait=1)
        return bodies

    def receive_all(self) -> list[str]:
        """Return the bodies of everything that arrives until nothing more does for a while."""
        bodies: list[str] = []
        while batch := self._batch(wait=QUIET):
            bodies += batch
        return bodies

    def receive_all_details(self) -> list[Any]:
        return [json.loads(body)["detail"] for body in self.receive_all()]

    def _batch(self, wait: int) -> list[str]:
        reply = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
        messages = reply.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def close(self) -> None:
        self.sqs.delete_queue(QueueUrl=self.url)
