"""The demo's customers, and what they do in their own AWS accounts."""

import json
from dataclasses import dataclass
from typing import Any

from dashboard.demo.simulator import CallRefused, Simulator

QUEUE = "kestrel-events"
EXISTS = "ResourceAlreadyExistsException"


@dataclass(frozen=True, slots=True)
class Customer:
    """One tenant of the provider, with its AWS account."""

    external_id: str
    name: str
    account: str
    region: str


ALDER = Customer("alder", "Alder Logistics", "222222222222", "eu-west-1")
BIRCH = Customer("birch", "Birch & Sons", "333333333333", "us-east-1")
CEDAR = Customer("cedar", "Cedar Energy", "444444444444", "eu-west-1")


def accept_source(simulator: Simulator, customer: Customer, source_name: str) -> None:
    """Attach a bus to the source, with a rule that sends everything to a queue. Doing it again changes nothing."""

    def call(service: str, operation: str, **parameters: Any) -> Any:
        return simulator.call(service, operation, account=customer.account, region=customer.region, **parameters)

    queue = call("sqs", "CreateQueue", QueueName=QUEUE)["QueueUrl"]
    attributes = call("sqs", "GetQueueAttributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    try:
        call("events", "CreateEventBus", Name=source_name, EventSourceName=source_name)
    except CallRefused as refused:
        if refused.code != EXISTS:
            raise
    pattern = json.dumps({"source": [source_name]})
    call("events", "PutRule", Name="everything", EventBusName=source_name, EventPattern=pattern)
    target = {"Id": "queue", "Arn": attributes["QueueArn"]}
    call("events", "PutTargets", Rule="everything", EventBusName=source_name, Targets=[target])
