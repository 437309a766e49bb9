"""Which operations of which services are served, and their models in botocore."""

from functools import cache

from botocore.model import ServiceModel, StructureShape
from botocore.session import Session

from integrations.sandbox import (
    accounts,
    attachments,
    buses,
    customer_operations,
    message_operations,
    newer_buses,
    partner_operations,
    publishing,
    queue_operations,
    rules,
    tags,
)
from integrations.sandbox.errors import AwsError
from integrations.sandbox.operations import Operation

SERVICES: dict[str, dict[str, Operation]] = {
    "events": {
        **partner_operations.OPERATIONS,
        **customer_operations.OPERATIONS,
        **buses.OPERATIONS,
        **rules.OPERATIONS,
        **publishing.OPERATIONS,
        **tags.OPERATIONS,
    },
    "eventbridgev2": {**newer_buses.OPERATIONS, **attachments.OPERATIONS},
    "sqs": {**queue_operations.OPERATIONS, **message_operations.OPERATIONS},
    "sts": accounts.OPERATIONS,
}


def find_operation(service: str, name: str) -> Operation:
    """Raises AwsError: UnknownOperationException."""
    operation = SERVICES.get(service, {}).get(name)
    if operation is None:
        served = f"{service}: {', '.join(sorted(SERVICES[service]))}" if service in SERVICES else ", ".join(SERVICES)
        raise AwsError("UnknownOperationException", f"The sandbox does not serve {service} {name}. It serves {served}.")
    return operation


@cache
def input_shape(service: str, operation: str) -> StructureShape | None:
    shape: StructureShape | None = _model(service).operation_model(operation).input_shape
    return shape


@cache
def _model(service: str) -> ServiceModel:
    return Session().get_service_model(service)
