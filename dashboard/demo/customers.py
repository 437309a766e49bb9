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
DOGWOOD = Customer("dogwood", "Dogwood Labs", "666666666666", "us-east-1")
ELM = Customer("elm", "Elm Health", "777777777777", "eu-west-1")
FIR = Customer("fir", "Fir Robotics", "888888888888", "eu-west-1")
GORSE = Customer("gorse", "Gorse Media", "999999999999", "us-east-1")
CUSTOMERS = (ALDER, BIRCH, CEDAR, DOGWOOD, ELM, FIR, GORSE)


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


def deactivate_source(simulator: Simulator, customer: Customer, source_name: str) -> None:
    """Detach the source from its bus, as an AWS admin may; AWS puts it back to PENDING."""
    simulator.call(
        "events", "DeactivateEventSource", account=customer.account, region=customer.region, Name=source_name
    )


def refuse_entries(simulator: Simulator, source_name: str) -> None:
    """Let AWS refuse what is sent to this source, finally, until somebody takes the fault away in the console."""
    simulator.misbehave(
        {"entry_failure_rate": 1, "entry_failure_code": "MalformedDetail", "entry_failure_sources": [source_name]}
    )
