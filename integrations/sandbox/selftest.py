"""A start-up check of the seams we do not own: botocore's service models and moto's Query codec."""

from integrations.sandbox.accounts import Caller
from integrations.sandbox.protocols import QueryProtocol
from integrations.sandbox.services import SERVICES, input_shape


class SeamBroken(Exception):
    """A library no longer behaves as the simulator needs it; the message names the way out."""


def check_seams() -> None:
    """Raises SeamBroken."""
    try:
        for service, operations in SERVICES.items():
            for operation in operations:
                input_shape(service, operation)
        _check_query_codec()
    except Exception as error:
        advice = "install the versions of moto and botocore that requirements.txt pins"
        raise SeamBroken(f"The sandbox cannot start ({type(error).__name__}: {error}): {advice}.") from error


def _check_query_codec() -> None:
    asked = QueryProtocol("sqs", b"Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=1")
    given = asked.given()
    if given != {"QueueName": "q", "Attributes": {"DelaySeconds": "1"}}:
        raise ValueError(f"moto's QueryParser read {given!r}")
    caller = Caller("111111111111", "arn:aws:iam::111111111111:root", "111111111111")
    answered = QueryProtocol("sts", b"Action=GetCallerIdentity").success({"Arn": caller.arn}).body.decode()
    if f"<GetCallerIdentityResult><Arn>{caller.arn}</Arn></GetCallerIdentityResult>" not in answered:
        raise ValueError(f"moto's QuerySerializer wrote {answered!r}")
