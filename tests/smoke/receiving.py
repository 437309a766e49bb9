"""The tenants' side of AWS, played with plain boto3: accepting a source, and emptying the queue behind it."""

import json
import queue
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from tests.smoke.backend import Source
from tests.smoke.books import Books

THREADS = 4
IDLE_SECONDS = 0.02
_making_clients = threading.Lock()  # sessions of boto3 are not thread-safe, clients are
_session: Any = boto3.Session()


class Receiver:
    """One tenant's account in one region."""

    def __init__(self, endpoint: str, source: Source) -> None:
        self.source = source
        self._endpoint = endpoint
        self._sqs = self._client("sqs")
        self._queue = ""

    def accept(self) -> None:
        """Attach a bus to the source, and then a rule that sends everything of it to a queue.

        What Partnerbus sends in between is lost, as it is at AWS: it has to leave the tenant that moment.
        """
        name = self.source.name
        events = self._client("events")
        self._queue = self._sqs.create_queue(QueueName="partner-events")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        events.create_event_bus(Name=name, EventSourceName=name)
        pattern = json.dumps({"source": [name], "account": [self.source.account]})
        events.put_rule(Name="everything", EventBusName=name, EventPattern=pattern)
        target = {"Id": "queue", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule="everything", EventBusName=name, Targets=[target])

    def receive(self) -> list[str]:
        """Take up to ten messages out of the queue."""
        if not self._queue:
            return []
        reply = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [message["Body"] for message in self._deleted(reply.get("Messages", []))]

    def _deleted(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if messages:
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)
        return messages

    def _client(self, service: str) -> Any:
        with _making_clients:
            return _session.client(
                service,
                endpoint_url=self._endpoint,
                region_name=self.source.region,
                aws_access_key_id=self.source.account,
                aws_secret_access_key="any",
                config=Config(max_pool_connections=2, retries={"mode": "standard", "total_max_attempts": 5}),
            )


class Collector:
    """Empties all queues into the books, some threads at a time."""

    def __init__(self, receivers: Iterable[Receiver], books: Books) -> None:
        self._books = books
        self._ring: queue.SimpleQueue[Receiver] = queue.SimpleQueue()
        self._receivers = list(receivers)
        for receiver in self._receivers:
            self._ring.put(receiver)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="collector")
        self._running: list[Future[None]] = []

    def __enter__(self) -> "Collector":
        self._running = [self._pool.submit(self._collect) for _ in range(THREADS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    def check(self) -> None:
        """Raise what ended a thread, if anything did."""
        for thread in self._running:
            if thread.done():
                thread.result()

    def finish(self) -> None:
        """Stop the threads, and take the last messages out of every queue."""
        self._stop.set()
        for thread in self._running:
            thread.result()
        for receiver in self._receivers:
            while self._take(receiver):
                pass

    def _collect(self) -> None:
        while not self._stop.is_set():
            try:
                receiver = self._ring.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                continue
            found = self._take(receiver)
            self._ring.put(receiver)
            if not found:
                self._stop.wait(IDLE_SECONDS)

    def _take(self, receiver: Receiver) -> int:
        bodies = receiver.receive()
        for body in bodies:
            self._books.arrive(receiver.source, body)
        return len(bodies)
