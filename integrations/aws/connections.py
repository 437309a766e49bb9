"""One connection per publisher and region: kept, shared between threads, never carried over a fork."""

import logging
import os
import ssl
import threading
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from integrations.aws.credentials import signed_in_session
from integrations.aws.exchange import Endpoint
from integrations.aws.names import check_region
from integrations.aws.publishers import Publisher

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

CONNECT_SECONDS = 3
READ_SECONDS = 5

# At DEBUG botocore writes session tokens and the whole reply of AssumeRole.
if logging.getLogger("botocore").getEffectiveLevel() < logging.INFO:
    logging.getLogger("botocore").setLevel(logging.INFO)


@dataclass(slots=True, eq=False)
class Connection:
    """What calls of one publisher in one region share; clients and credentials are safe between threads."""

    region: str
    events: "EventBridgeClient"
    sts: "STSClient"
    credentials: Credentials | None
    endpoint: Endpoint
    session: boto3.session.Session
    verified: bool = False
    queues: "SQSClient | None" = None

    def current_credentials(self) -> ReadOnlyCredentials:
        """Return key, secret and token, renewed where it is time. Raises what botocore raises."""
        if self.credentials is None:
            raise NoCredentialsError
        return self.credentials.get_frozen_credentials()


_open: dict[tuple[Publisher, str, str], Connection] = {}
_opening = threading.Lock()


def connect(publisher: Publisher, region: str) -> Connection:
    """Return the connection of `publisher` in `region`, opened at the first call.

    Raises InvalidRegion, WrongAccount and what botocore raises.
    """
    check_region(region)
    key = (publisher, region, _events_endpoint())
    connection = _open.get(key)
    if connection is None:
        with _opening:  # botocore sessions must not be built by two threads at once
            connection = _open.get(key)
            if connection is None:
                connection = _open[key] = _connection(publisher, region)
    return connection


def queue_client(connection: Connection) -> "SQSClient":
    """Return the connection's client of SQS, made at its first use: publishing needs none."""
    if connection.queues is None:
        with _opening:
            connection.queues = connection.queues or connection.session.client("sqs", config=_config())
    return connection.queues


def forget_connections() -> None:
    """Drop every connection, for a process whose credentials or endpoints changed, and for the child of a fork.

    Sockets and locks of the parent must not be used by a child.
    """
    global _opening
    _open.clear()
    _opening = threading.Lock()


os.register_at_fork(after_in_child=forget_connections)


@cache
def user_agent() -> str:
    """Return `partnerbus/<version>`, the version of the checkout or else of the installed package."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    if project.is_file():
        return f"partnerbus/{tomllib.loads(project.read_text())['project']['version']}"
    try:
        return f"partnerbus/{metadata.version('partnerbus')}"
    except metadata.PackageNotFoundError:
        return "partnerbus/unknown"


def _connection(publisher: Publisher, region: str) -> Connection:
    session = signed_in_session(publisher, region, _config())
    clients = boto3.session.Session(botocore_session=session, region_name=region)
    events = clients.client("events", endpoint_url=_events_endpoint() or None, config=_config())
    return Connection(
        region=region,
        events=events,
        sts=clients.client("sts", config=_config()),
        credentials=session.get_credentials(),
        endpoint=_endpoint(session, events.meta.endpoint_url),
        session=clients,
    )


def _config() -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2},
        user_agent_extra=user_agent(),
    )


def _endpoint(session: botocore.session.Session, url: str) -> Endpoint:
    """Return where boto3 would send a request, through the proxy that it would use, with the certificates it trusts."""
    parts = urlsplit(url)
    tls = None
    if parts.scheme == "https":
        tls = ssl.create_default_context(cafile=session.get_config_variable("ca_bundle") or get_cert_path(True))
    proxy = urlsplit(get_environ_proxies(url).get(parts.scheme, ""))
    return Endpoint(
        host=parts.hostname or "",
        port=parts.port or (443 if tls else 80),
        tls=tls,
        proxy=(proxy.hostname, proxy.port or 80) if proxy.hostname else None,
    )


def _events_endpoint() -> str:
    # boto3 derives its own variable from the service id: AWS_ENDPOINT_URL_EVENTBRIDGE. It takes no notice of this name.
    return os.environ.get("AWS_ENDPOINT_URL_EVENTS", "")
