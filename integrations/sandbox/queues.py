"""SQS's standard queues: a table of messages in the state file, so that a kill -9 loses none of them.

Sending appends a row; receiving reads the first visible rows of an index and hides them. Both cost the same with ten
and with a hundred thousand messages waiting.
"""

import re
import threading
import time
from hashlib import md5
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from integrations.sandbox.arns import queue_arn
from integrations.sandbox.persistence import StateFile

LONGEST_HIDING = 43_200  # seconds
DEFAULT_ATTRIBUTES = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
}

ROW = re.compile(r"[0-9]{1,18}")  # SQLite counts rows in 64 bits
SEND = """insert into messages (queue, message_id, body, attributes, sent_at, visible_at) values (?, ?, ?, ?, ?, ?)"""
VISIBLE = """select id, message_id, body, attributes, sent_at, receives, first_received_at from messages
    where queue = ? and visible_at <= ? order by visible_at, id limit ?"""
HIDE = """update messages set visible_at = ?, receipt = ?, receives = ?, first_received_at = ? where id = ?"""
DEPTH = """select count(*) filter (where visible_at <= ?1),
    count(*) filter (where visible_at > ?1 and receives > 0),
    count(*) filter (where visible_at > ?1 and receives = 0) from messages where queue = ?2"""


class Queue(Struct, frozen=True):
    account: str
    region: str
    name: str
    attributes: dict[str, str]
    created_at: float
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return queue_arn(self.region, self.account, self.name)

    def seconds(self, attribute: str) -> int:
        return int(self.attributes.get(attribute, DEFAULT_ATTRIBUTES[attribute]))


class Message(Struct, frozen=True):
    """A message as handed to one receiver; times in epoch seconds."""

    message_id: str
    receipt: str
    body: str
    attributes: dict[str, Any]
    sent_at: float
    receives: int
    first_received_at: float

    @property
    def md5(self) -> str:
        return body_md5(self.body)


class Depth(Struct, frozen=True):
    visible: int
    in_flight: int
    delayed: int


def body_md5(body: str) -> str:
    return md5(body.encode(), usedforsecurity=False).hexdigest()


class MessageStore:
    """The messages of all queues. Used under the simulator's lock, which `wait_for_message` gives up while waiting."""

    def __init__(self, file: StateFile, lock: "threading.RLock") -> None:
        self._file = file
        self._arrival = threading.Condition(lock)

    def send(self, queue: Queue, body: str, attributes: dict[str, Any] | None = None, delay: int | None = None) -> str:
        """Append one message and return its id; without a delay in seconds the queue's own applies."""
        message_id, now = str(uuid4()), time.time()
        visible_at = now + (queue.seconds("DelaySeconds") if delay is None else delay)
        packed = msgspec.json.encode(attributes) if attributes else None
        self._file.write(SEND, [queue.arn, message_id, body, packed, now, visible_at])
        self._arrival.notify_all()
        return message_id

    def receive(self, queue: Queue, most: int, hidden_for: int) -> list[Message]:
        """Hand out up to `most` visible messages, oldest first, and hide them for so many seconds."""
        now = time.time()
        rows = self._file.read(VISIBLE, [queue.arn, now, most])
        messages = []
        for row_id, message_id, body, packed, sent_at, receives, first in rows:
            message = Message(
                message_id=message_id,
                receipt=f"{row_id}-{uuid4()}",
                body=body,
                attributes=msgspec.json.decode(packed) if packed else {},
                sent_at=sent_at,
                receives=receives + 1,
                first_received_at=first or now,
            )
            hidden = [now + hidden_for, message.receipt, message.receives, message.first_received_at, row_id]
            self._file.write(HIDE, hidden)
            messages.append(message)
        return messages

    def wait_for_message(self, timeout: float) -> None:
        """Give up the lock until a message was sent or the timeout (seconds) is over.

        The caller must not have written anything yet: others commit in the meantime.
        """
        self._arrival.wait(timeout)

    def delete(self, queue: Queue, receipt: str) -> None:
        """Delete by the latest receipt handle; an outdated handle deletes nothing, as on a standard queue."""
        row_id = row_of(receipt)
        self._file.write(
            "delete from messages where id = ? and queue = ? and receipt = ?", [row_id, queue.arn, receipt]
        )

    def change_visibility(self, queue: Queue, receipt: str, hidden_for: int) -> bool:
        """Show the message again in so many seconds; False when it is not in flight under this handle."""
        now = time.time()
        sql = "update messages set visible_at = ? where id = ? and queue = ? and receipt = ? and visible_at > ?"
        changed = self._file.write(sql, [now + hidden_for, row_of(receipt), queue.arn, receipt, now])
        if hidden_for == 0:
            self._arrival.notify_all()
        return changed.rowcount == 1

    def purge(self, queue: Queue) -> None:
        self._file.write("delete from messages where queue = ?", [queue.arn])

    def drop_overdue(self, queue: Queue) -> None:
        """Delete what nobody has touched for the queue's retention period."""
        oldest = time.time() - queue.seconds("MessageRetentionPeriod")
        overdue = "queue = ? and visible_at < ?"
        if self._file.read(f"select 1 from messages where {overdue} limit 1", [queue.arn, oldest]):  # noqa: S608
            self._file.write(f"delete from messages where {overdue}", [queue.arn, oldest])  # noqa: S608

    def depth(self, queue: Queue) -> Depth:
        ((visible, in_flight, delayed),) = self._file.read(DEPTH, [time.time(), queue.arn])
        return Depth(visible, in_flight, delayed)


def row_of(receipt: str) -> int:
    """The row a receipt handle points at; 0, which no row has, for a handle that is not ours."""
    head = receipt.split("-", 1)[0]
    return int(head) if ROW.fullmatch(head) else 0
