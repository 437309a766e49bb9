"""The SQS API for messages: sending, receiving, hiding and deleting them."""

import re
import struct
import time
from base64 import b64decode
from collections.abc import Callable
from hashlib import md5
from typing import TYPE_CHECKING, Any

from integrations.sandbox.errors import AwsError
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.queue_operations import ALL, find_queue
from integrations.sandbox.queues import LONGEST_HIDING, Message, Queue, body_md5, row_of

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

LARGEST_BATCH = 10
LONGEST_DELAY = 900  # seconds, as the hiding
LONGEST_PAUSE = 0.5
BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
OUTSIDE_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def send_message(simulator: "Simulator", call: Call) -> Result:
    return _send(simulator, find_queue(simulator, call), call.parameters)


def send_message_batch(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    return _each(call, lambda entry: _send(simulator, queue, entry))


def _send(simulator: "Simulator", queue: Queue, given: dict[str, Any]) -> dict[str, Any]:
    body, attributes = given["MessageBody"], given.get("MessageAttributes", {})
    if not body or OUTSIDE_XML.search(body):
        raise AwsError("InvalidMessageContents", "The message is empty or contains characters outside the allowed set.")
    if len(body.encode()) > queue.seconds("MaximumMessageSize"):
        message = f"Message must be shorter than {queue.seconds('MaximumMessageSize')} bytes."
        raise AwsError("InvalidParameterValue", f"One or more parameters are invalid. Reason: {message}")
    delay = _between(given.get("DelaySeconds", queue.seconds("DelaySeconds")), LONGEST_DELAY, "DelaySeconds")
    message_id = simulator.messages.send(queue, body, attributes, delay)
    sent = {"MessageId": message_id, "MD5OfMessageBody": body_md5(body)}
    return {**sent, "MD5OfMessageAttributes": _attributes_md5(attributes)} if attributes else sent


def receive_message(simulator: "Simulator", call: Call) -> Result:
    """Long polling gives up the simulator's lock while it waits; nothing is written before that."""
    queue = find_queue(simulator, call)
    given = call.parameters
    most = given.get("MaxNumberOfMessages", 1)
    if not 1 <= most <= LARGEST_BATCH:
        raise AwsError("InvalidParameterValue", f"Value {most} for MaxNumberOfMessages must be between 1 and 10.")
    hidden_for = _hiding(given.get("VisibilityTimeout", queue.seconds("VisibilityTimeout")))
    deadline = time.monotonic() + min(given.get("WaitTimeSeconds", queue.seconds("ReceiveMessageWaitTimeSeconds")), 20)
    messages = simulator.messages.receive(queue, most, hidden_for)
    while not messages and (left := deadline - time.monotonic()) > 0:
        # Half a second at most: a message may become visible again without anybody sending one.
        simulator.messages.wait_for_message(min(left, LONGEST_PAUSE))
        messages = simulator.messages.receive(find_queue(simulator, call), most, hidden_for)
    return {"Messages": [_received(message, call) for message in messages]} if messages else NOTHING


def _received(message: Message, call: Call) -> dict[str, Any]:
    wanted = {*call.parameters.get("AttributeNames", []), *call.parameters.get("MessageSystemAttributeNames", [])}
    received: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    system = {
        "SenderId": call.caller.account,
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
    }
    shown = {name: value for name, value in system.items() if ALL in wanted or name in wanted}
    if shown:
        received["Attributes"] = shown
    attributes = _wanted_attributes(message.attributes, call.parameters.get("MessageAttributeNames", []))
    if attributes:
        received |= {"MessageAttributes": attributes, "MD5OfMessageAttributes": _attributes_md5(attributes)}
    return received


def _wanted_attributes(attributes: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    prefixes = tuple(name.removesuffix("*").removesuffix(".") for name in wanted if name.endswith("*"))
    everything = ALL in wanted
    return {
        name: value
        for name, value in attributes.items()
        if everything or name in wanted or (prefixes and name.startswith(prefixes))
    }


def delete_message(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    simulator.messages.delete(queue, _receipt(call.parameters))
    return NOTHING


def delete_message_batch(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)

    def delete(entry: dict[str, Any]) -> dict[str, Any]:
        simulator.messages.delete(queue, _receipt(entry))
        return {}

    return _each(call, delete)


def change_message_visibility(simulator: "Simulator", call: Call) -> Result:
    _change_visibility(simulator, find_queue(simulator, call), call.parameters)
    return NOTHING


def change_message_visibility_batch(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    return _each(call, lambda entry: _change_visibility(simulator, queue, entry))


def _change_visibility(simulator: "Simulator", queue: Queue, given: dict[str, Any]) -> dict[str, Any]:
    hidden_for = _hiding(given.get("VisibilityTimeout", 0))
    if not simulator.messages.change_visibility(queue, _receipt(given), hidden_for):
        raise AwsError("MessageNotInflight", "The message referred to is not in flight.")
    return {}


def _each(call: Call, act: Callable[[dict[str, Any]], dict[str, Any]]) -> Result:
    """Apply to each entry of a batch: one bad entry fails alone, a malformed batch fails as a whole."""
    entries = call.parameters["Entries"]
    ids = [entry["Id"] for entry in entries]
    if not entries:
        raise AwsError("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > LARGEST_BATCH:
        raise AwsError("TooManyEntriesInBatchRequest", f"Maximum number of entries per request are {LARGEST_BATCH}.")
    if len(set(ids)) < len(ids):
        raise AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
    if not all(BATCH_ID.fullmatch(batch_id) for batch_id in ids):
        raise AwsError("InvalidBatchEntryId", "An Id takes alphanumeric characters, hyphens and underscores, 1 to 80.")
    answer: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
    for entry in entries:
        try:
            answer["Successful"].append({"Id": entry["Id"], **act(entry)})
        except AwsError as error:
            failure = {"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": error.message}
            answer["Failed"].append(failure)
    return answer


def _receipt(given: dict[str, Any]) -> str:
    receipt: str = given["ReceiptHandle"]
    if not row_of(receipt):
        raise AwsError("ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not a valid receipt handle.')
    return receipt


def _hiding(seconds: int) -> int:
    return _between(seconds, LONGEST_HIDING, "VisibilityTimeout")


def _between(seconds: int, most: int, parameter: str) -> int:
    if not 0 <= seconds <= most:
        message = f"Value {seconds} for parameter {parameter} is invalid. Reason: Must be between 0 and {most}."
        raise AwsError("InvalidParameterValue", message)
    return seconds


def _attributes_md5(attributes: dict[str, Any]) -> str:
    """The digest that SDKs check: length-prefixed name, type, a transport byte and the value, names sorted."""
    digest = md5(usedforsecurity=False)
    for name, attribute in sorted(attributes.items()):
        for text in (name, attribute["DataType"]):
            digest.update(struct.pack("!I", len(text.encode())) + text.encode())
        is_binary = "BinaryValue" in attribute
        value = b64decode(attribute["BinaryValue"]) if is_binary else attribute.get("StringValue", "").encode()
        digest.update((b"\2" if is_binary else b"\1") + struct.pack("!I", len(value)) + value)
    return digest.hexdigest()


OPERATIONS: dict[str, Operation] = {
    "SendMessage": send_message,
    "SendMessageBatch": send_message_batch,
    "ReceiveMessage": receive_message,
    "DeleteMessage": delete_message,
    "DeleteMessageBatch": delete_message_batch,
    "ChangeMessageVisibility": change_message_visibility,
    "ChangeMessageVisibilityBatch": change_message_visibility_batch,
}
