import os
from collections.abc import Iterator

import boto3
import pytest

from integrations.aws.connections import forget_connections
from integrations.aws.publishers import Publisher
from tests.contract.world import Customer, World, session_of, simulator

REGION = os.environ.get("CONTRACT_REGION", "eu-west-1")


@pytest.fixture(scope="package")
def shared_world() -> Iterator[World]:
    if os.environ.get("CONTRACT_ENDPOINT") == "aws":
        yield from _aws()
    else:
        with simulator() as url:
            yield from _sandbox(url)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    yield shared_world
    shared_world.clear()


def _sandbox(url: str) -> Iterator[World]:
    publisher, customer = "111111111111", "222222222222"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_EVENTS", url)
        environment.setenv("AWS_ENDPOINT_URL_STS", url)
        environment.setenv("AWS_ACCESS_KEY_ID", publisher)
        environment.setenv("AWS_SECRET_ACCESS_KEY", "any")
        environment.delenv("AWS_SESSION_TOKEN", raising=False)
        environment.delenv("AWS_PROFILE", raising=False)
        forget_connections()
        yield World(
            publisher=Publisher(publisher),
            region=REGION,
            namespace="aws.partner/example.com.test",
            partner=session_of(publisher, REGION).client("events", endpoint_url=url),
            customer=Customer(customer, session_of(customer, REGION), url),
            endpoint=url,
            max_request_bytes=262_144,
        )
        forget_connections()


def _aws() -> Iterator[World]:
    ours = boto3.session.Session(profile_name=os.environ["CONTRACT_PUBLISHER_PROFILE"], region_name=REGION)
    theirs = boto3.session.Session(profile_name=os.environ["CONTRACT_CUSTOMER_PROFILE"], region_name=REGION)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_PROFILE", os.environ["CONTRACT_PUBLISHER_PROFILE"])
        forget_connections()
        yield World(
            publisher=Publisher(ours.client("sts").get_caller_identity()["Account"]),
            region=REGION,
            namespace=os.environ["CONTRACT_NAMESPACE"],
            partner=ours.client("events"),
            customer=Customer(theirs.client("sts").get_caller_identity()["Account"], theirs, None),
            endpoint=None,
            max_request_bytes=int(os.environ.get("CONTRACT_MAX_REQUEST_BYTES", "262144")),
        )
        forget_connections()
