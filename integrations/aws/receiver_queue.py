"""The queue in which the receiving side of tests collects events: looked into without being emptied."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.aws.connections import queue_client
from integrations.aws.identity import verify_identity
from integrations.aws.limits import LimitError
from integrations.aws.publishers import Publisher
from integrations.aws.transactions import refuse_inside_transaction
from integrations.aws.translation import translating

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MESSAGES = 10  # SQS gives no more at once
ROUNDS = 5
HIDDEN_SECONDS = 2  # long enough for the rounds to see different messages
_ROLE = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/[\w+=,.@/-]{1,512}")
_QUEUE = re.compile(r"https?://[^/\s]+/([0-9]{12})/([A-Za-z0-9_-]{1,80})")
_REGION = re.compile(r"https://sqs\.([a-z0-9-]+)\.")


class InvalidReceiver(LimitError):
    """A role or a queue of the receiving side that cannot be one."""

    code = "invalid_receiver"


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the queue; `handle` deletes it."""

    body: str
    sent_at: datetime
    handle: str


@dataclass(frozen=True, slots=True)
class ReceiverQueue:
    """A queue, and the role through which its account is reached."""

    publisher: Publisher
    region: str
    url: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


def receiver_queue(role_arn: str, external_id: str, url: str, default_region: str) -> ReceiverQueue:
    """Return the queue behind a role. The simulator's addresses name no region: they have the default one.

    Raises InvalidReceiver for what cannot be a role and a queue of one account.
    """
    role, queue, region = _ROLE.fullmatch(role_arn), _QUEUE.fullmatch(url), _REGION.match(url)
    if not role:
        raise InvalidReceiver("Write the ARN of a role: arn:aws:iam::222222222222:role/name.")
    if not queue:
        raise InvalidReceiver("Write the URL of an SQS queue: https://sqs.eu-west-1.amazonaws.com/222222222222/name.")
    if queue[1] != role[1]:
        raise InvalidReceiver(f"The queue belongs to account {queue[1]} and the role to {role[1]}.")
    return ReceiverQueue(Publisher(role[1], role_arn, external_id), region[1] if region else default_region, url)


def look_into(queue: ReceiverQueue) -> list[Message]:
    """Return some of what waits in the queue, newest first, without taking it: others look there too.

    Raises AwsError, LimitError.
    """
    found: dict[str, Message] = {}
    for _ in range(ROUNDS):
        with _calling(queue, "ReceiveMessage") as sqs:
            reply = sqs.receive_message(
                QueueUrl=queue.url,
                MaxNumberOfMessages=MESSAGES,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        messages = reply.get("Messages", [])
        found |= {each["MessageId"]: _message(each) for each in messages}
        if len(messages) < MESSAGES:
            break
    return sorted(found.values(), key=lambda message: message.sent_at, reverse=True)


def remove(queue: ReceiverQueue, messages: Sequence[Message]) -> None:
    """Take messages out of the queue. Raises AwsError, LimitError."""
    for start in range(0, len(messages), MESSAGES):
        some = enumerate(messages[start : start + MESSAGES])
        entries: Any = [{"Id": str(number), "ReceiptHandle": message.handle} for number, message in some]
        with _calling(queue, "DeleteMessageBatch") as sqs:
            sqs.delete_message_batch(QueueUrl=queue.url, Entries=entries)


@contextmanager
def _calling(queue: ReceiverQueue, operation: str) -> "Iterator[SQSClient]":
    refuse_inside_transaction(operation)
    connection = verify_identity(queue.publisher, queue.region)
    with translating(operation):
        yield queue_client(connection)


def _message(row: Any) -> Message:
    sent = int(row.get("Attributes", {}).get("SentTimestamp", "0"))
    return Message(row["Body"], datetime.fromtimestamp(sent / 1_000, UTC), row["ReceiptHandle"])
