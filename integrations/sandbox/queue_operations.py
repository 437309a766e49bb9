"""The SQS API for queues themselves: standard queues only."""

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from integrations.sandbox.errors import AwsError
from integrations.sandbox.operations import NOTHING, Call, Operation, Result
from integrations.sandbox.pages import page
from integrations.sandbox.queues import DEFAULT_ATTRIBUTES, LONGEST_HIDING, Queue

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator

ALL = "All"
LARGEST_QUEUE_PAGE = 1000
QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
# Bounds as SQS documents them: seconds, and bytes for MaximumMessageSize.
BOUNDS = {
    "VisibilityTimeout": (0, LONGEST_HIDING),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
}
# Stored and shown, not enforced.
STORED = {"Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"}


def create_queue(simulator: "Simulator", call: Call) -> Result:
    """Idempotent as long as the attributes agree with the existing queue's."""
    name, attributes = call.parameters["QueueName"], call.parameters.get("Attributes", {})
    if not QUEUE_NAME.fullmatch(name):
        message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        raise AwsError("InvalidParameterValue", f"{message} (the sandbox has no .fifo queues).")
    _check_attributes(attributes)
    existing = simulator.queues.get(call.caller.account, call.region, name)
    if existing is None:
        tags = call.parameters.get("tags", {})
        simulator.queues.put(Queue(call.caller.account, call.region, name, attributes, time.time(), tags))
    elif any(_effective(existing).get(key) != value for key, value in attributes.items()):
        raise AwsError("QueueNameExists", f"A queue named {name} exists with other attributes.")
    return {"QueueUrl": _url(call, call.caller.account, name)}


def _check_attributes(attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        if name in BOUNDS:
            least, most = BOUNDS[name]
            if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
                raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        elif name not in STORED:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}: the sandbox's queues do not have it.")


def _effective(queue: Queue) -> dict[str, str]:
    return {**DEFAULT_ATTRIBUTES, **queue.attributes}


def get_queue_url(simulator: "Simulator", call: Call) -> Result:
    owner = call.parameters.get("QueueOwnerAWSAccountId", call.caller.account)
    name = call.parameters["QueueName"]
    if owner != call.caller.account or simulator.queues.get(owner, call.region, name) is None:
        raise no_queue()
    return {"QueueUrl": _url(call, owner, name)}


def list_queues(simulator: "Simulator", call: Call) -> Result:
    prefix = call.parameters.get("QueueNamePrefix", "")
    names = [name for name in simulator.queues.group(call.caller.account, call.region) if name.startswith(prefix)]
    urls = ((name, _url(call, call.caller.account, name)) for name in names)
    return page(call, "QueueUrls", urls, largest=LARGEST_QUEUE_PAGE, limit="MaxResults")


def delete_queue(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    simulator.queues.remove(queue)
    simulator.messages.purge(queue)
    return NOTHING


def purge_queue(simulator: "Simulator", call: Call) -> Result:
    """Without AWS's limit of one purge in 60 seconds."""
    simulator.messages.purge(find_queue(simulator, call))
    return NOTHING


def get_queue_attributes(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    depth = simulator.messages.depth(queue)
    known = _effective(queue) | {
        "QueueArn": queue.arn,
        "ApproximateNumberOfMessages": str(depth.visible),
        "ApproximateNumberOfMessagesNotVisible": str(depth.in_flight),
        "ApproximateNumberOfMessagesDelayed": str(depth.delayed),
        "CreatedTimestamp": str(int(queue.created_at)),
        "LastModifiedTimestamp": str(int(queue.created_at)),
    }
    wanted = call.parameters.get("AttributeNames", [])
    return {"Attributes": known if ALL in wanted else {name: known[name] for name in wanted if name in known}}


def set_queue_attributes(simulator: "Simulator", call: Call) -> Result:
    queue, attributes = find_queue(simulator, call), call.parameters["Attributes"]
    _check_attributes(attributes)
    simulator.queues.put(replace(queue, attributes={**queue.attributes, **attributes}))
    return NOTHING


def tag_queue(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    simulator.queues.put(replace(queue, tags={**queue.tags, **call.parameters["Tags"]}))
    return NOTHING


def untag_queue(simulator: "Simulator", call: Call) -> Result:
    queue = find_queue(simulator, call)
    unwanted = call.parameters["TagKeys"]
    simulator.queues.put(replace(queue, tags={key: tag for key, tag in queue.tags.items() if key not in unwanted}))
    return NOTHING


def list_queue_tags(simulator: "Simulator", call: Call) -> Result:
    tags = find_queue(simulator, call).tags
    return {"Tags": tags} if tags else NOTHING


def find_queue(simulator: "Simulator", call: Call) -> Queue:
    """The caller's own queue by its URL. Raises AwsError: QueueDoesNotExist."""
    parts = urlsplit(call.parameters["QueueUrl"]).path.strip("/").split("/")
    account, name = parts if len(parts) == 2 else (call.caller.account, parts[-1])
    queue = simulator.queues.get(account, call.region, name)
    if queue is None or account != call.caller.account:
        raise no_queue()
    return queue


def no_queue() -> AwsError:
    return AwsError("QueueDoesNotExist", "The specified queue does not exist.")


def _url(call: Call, account: str, name: str) -> str:
    return f"{call.endpoint}/{account}/{name}"


OPERATIONS: dict[str, Operation] = {
    "CreateQueue": create_queue,
    "GetQueueUrl": get_queue_url,
    "ListQueues": list_queues,
    "DeleteQueue": delete_queue,
    "PurgeQueue": purge_queue,
    "GetQueueAttributes": get_queue_attributes,
    "SetQueueAttributes": set_queue_attributes,
    "TagQueue": tag_queue,
    "UntagQueue": untag_queue,
    "ListQueueTags": list_queue_tags,
}
