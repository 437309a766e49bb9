"""The receiving side of a test: what a customer does in its own account, done with a role of that account.

Only for accounts of the provider itself: a tenant grants nothing. Every call returns AWS's id of the request, because
it is evidence.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.aws.connections import Connection, queue_client
from integrations.aws.errors import AwsError, InconsistentReply, ResourceAlreadyExists, SourceNotFound
from integrations.aws.identity import verify_identity
from integrations.aws.names import check_name
from integrations.aws.publishers import Publisher
from integrations.aws.transactions import refuse_inside_transaction
from integrations.aws.translation import translating

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

RULE, TARGET = "partnerbus-validation", "queue"
WAIT_SECONDS = 1  # of one look into a queue; shorter than the gateway's read time-out
LOOKS = 5
NO_QUEUE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "NonExistentQueue")


@dataclass(frozen=True, slots=True)
class Seen:
    """What AWS says of a source in its customer's account: PENDING, ACTIVE, DELETED, or empty for no such source."""

    state: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Received:
    """An event as a rule delivered it."""

    envelope: dict[str, Any]
    request_id: str


def state_of(receiver: Publisher, region: str, name: str) -> Seen:
    """Return the customer's view of a source. Raises AwsError, LimitError. Source: DescribeEventSource."""
    check_name(name)
    try:
        with _events(receiver, region, "DescribeEventSource") as events:
            reply = events.describe_event_source(Name=name)
    except SourceNotFound as missing:
        return Seen("", missing.request_id)
    return Seen(str(reply.get("State", "")), _request_id(reply))


def attach(receiver: Publisher, region: str, name: str) -> str:
    """Make the partner event bus of a source, by which it becomes ACTIVE; a bus that exists is fine.

    Raises AwsError, LimitError. Source: CreateEventBus, whose two names have to be equal.
    """
    check_name(name)
    try:
        with _events(receiver, region, "CreateEventBus") as events:
            return _request_id(events.create_event_bus(Name=name, EventSourceName=name))
    except ResourceAlreadyExists as exists:
        return exists.request_id


def attach_again(receiver: Publisher, region: str, name: str) -> str:
    """Join a source that was made again to the bus that is left. Raises AwsError, LimitError.

    Source: ActivateEventSource.
    """
    check_name(name)
    with _events(receiver, region, "ActivateEventSource") as events:
        return _request_id(events.activate_event_source(Name=name))


def deliver_to_queue(receiver: Publisher, region: str, name: str, queue: str) -> tuple[str, str]:
    """Make a rule on the source's bus that sends everything to the queue `queue`, which is made as well.

    Repeating it changes nothing. Return the queue's URL and the id of the request that set the target. Raises AwsError,
    LimitError.
    """
    check_name(name)
    with _events(receiver, region, "PutRule") as events:
        pattern = json.dumps({"source": [name]})
        rule = events.put_rule(Name=RULE, EventBusName=name, EventPattern=pattern)["RuleArn"]
    url, arn = _make_queue(receiver, region, queue, rule)
    with _events(receiver, region, "PutTargets") as events:
        reply = events.put_targets(Rule=RULE, EventBusName=name, Targets=[{"Id": TARGET, "Arn": arn}])
    if reply.get("FailedEntryCount"):
        failed = reply["FailedEntries"][0]
        raise AwsError(str(failed.get("ErrorCode")), str(failed.get("ErrorMessage")), operation="PutTargets")
    return url, _request_id(reply)


def receive(receiver: Publisher, region: str, queue_url: str, resource: str) -> Received | None:
    """Look into the queue for the event that carries `resource`, take it out and return it, or None for now.

    Other events stay where they are. Raises AwsError, LimitError.
    """
    for _ in range(LOOKS):
        with _queues(receiver, region, "ReceiveMessage") as queues:
            reply = queues.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS, VisibilityTimeout=10
            )
        messages = reply.get("Messages", [])
        for message in messages:
            envelope = _envelope(message.get("Body", ""))
            if resource in envelope.get("resources", []):
                with _queues(receiver, region, "DeleteMessage") as queues:
                    queues.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                return Received(envelope, _request_id(reply))
        if not messages:
            return None
    return None


def clear_away(receiver: Publisher, region: str, name: str, queue_url: str) -> None:
    """Remove the rule, the bus and the queue of a test; what is gone already is fine. Raises AwsError, LimitError."""
    check_name(name)
    steps: tuple[tuple[str, Callable[[EventBridgeClient], object]], ...] = (
        ("RemoveTargets", lambda events: events.remove_targets(Rule=RULE, EventBusName=name, Ids=[TARGET])),
        ("DeleteRule", lambda events: events.delete_rule(Name=RULE, EventBusName=name)),
        ("DeleteEventBus", lambda events: events.delete_event_bus(Name=name)),
    )
    for operation, act in steps:
        try:
            with _events(receiver, region, operation) as events:
                act(events)
        except SourceNotFound:
            continue
    if queue_url:
        try:
            with _queues(receiver, region, "DeleteQueue") as queues:
                queues.delete_queue(QueueUrl=queue_url)
        except AwsError as error:
            if error.code not in NO_QUEUE:
                raise


def _make_queue(receiver: Publisher, region: str, name: str, rule: str) -> tuple[str, str]:
    with _queues(receiver, region, "CreateQueue") as queues:
        url = queues.create_queue(QueueName=name)["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
                }
            ],
        }
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    return url, arn


def _envelope(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _events(receiver: Publisher, region: str, operation: str) -> "Iterator[EventBridgeClient]":
    with _calling(receiver, region, operation) as connection:
        yield connection.events


@contextmanager
def _queues(receiver: Publisher, region: str, operation: str) -> "Iterator[SQSClient]":
    with _calling(receiver, region, operation) as connection:
        yield queue_client(connection)


@contextmanager
def _calling(receiver: Publisher, region: str, operation: str) -> Iterator[Connection]:
    refuse_inside_transaction(operation)
    connection = verify_identity(receiver, region)
    with translating(operation):
        yield connection


def _request_id(reply: Mapping[str, Any]) -> str:
    found = reply.get("ResponseMetadata", {}).get("RequestId")
    if not isinstance(found, str):
        raise InconsistentReply("InconsistentReply", "The answer has no request id.")
    return found
