"""What is looked at before anything is started, because later it would fail in darker words or do harm."""

import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from launcher import LaunchError
from launcher.configuration import Configuration
from launcher.directory import DataDirectory

PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Server:
    """A kind of server that a variable may name. Without a `default_host` an address may be that of a Unix socket."""

    variable: str
    product: str
    schemes: tuple[str, ...]
    default_host: str
    default_port: int


POSTGRES = Server("DATABASE_URL", "PostgreSQL", ("postgres", "postgresql"), "", 5432)
VALKEY = Server("REDIS_URL", "Valkey or Redis", ("redis", "rediss", "unix"), "localhost", 6379)


def check(settings: Configuration, data: DataDirectory) -> None:
    """Raises LaunchError for settings that contradict each other, the data or the servers they name."""
    _refuse_one_port_for_two(settings)
    _refuse_real_aws_for_the_demo(settings, data)
    for server in (POSTGRES, VALKEY):
        if url := settings.environment.get(server.variable):
            _refuse_unusable(server, url)


def _refuse_one_port_for_two(settings: Configuration) -> None:
    if settings.sandbox and settings.port and settings.port == settings.sandbox_port:
        raise LaunchError(
            f"PORT and SANDBOX_PORT are both {settings.port}, but web and AWS simulator need a port each. "
            f"Choose another one for either, for example: SANDBOX_PORT={settings.port + 1} make run"
        )


def _refuse_real_aws_for_the_demo(settings: Configuration, data: DataDirectory) -> None:
    if data.is_demo and not settings.sandbox:
        raise LaunchError(
            f"{data.path} holds the demo world, whose sources exist in the AWS simulator only, and "
            "PARTNERBUS_SANDBOX=0 means real AWS. Keep real data elsewhere with PARTNERBUS_DATA, or throw the demo "
            "away: make demo-reset"
        )


def _refuse_unusable(server: Server, url: str) -> None:
    # The url itself is never shown: it may hold a password.
    otherwise = f"or unset {server.variable} for the embedded one"
    if url.partition("://")[0] not in server.schemes:
        begins = ", ".join(f"{scheme}://" for scheme in server.schemes)
        raise LaunchError(
            f"{server.variable} does not begin with one of {begins}. Name a {server.product}, {otherwise}."
        )
    try:
        address = _address(server, urlsplit(url))
    except ValueError:
        raise LaunchError(
            f"{server.variable} is not a valid address. Write special characters of its password as %23 and the like, "
            f"{otherwise}."
        ) from None
    if address and (refusal := _refusal(address)):
        host, port = address
        raise LaunchError(
            f"{server.variable} points to {host}:{port}, {refusal}. Start that {server.product}, {otherwise}."
        )


def _address(server: Server, url: SplitResult) -> tuple[str, int] | None:
    """Where to connect over TCP; None for a Unix socket and for several hosts, of which any may be down."""
    host = url.hostname or server.default_host
    if url.scheme == "unix" or "," in url.netloc or not host or host.startswith("%2f"):
        return None
    return host, url.port or server.default_port


def _refusal(address: tuple[str, int]) -> str:
    """How a connection fails, as the end of a sentence; empty when it does not."""
    try:
        socket.create_connection(address, PATIENCE_SECONDS).close()
    except ConnectionRefusedError:
        return "which refuses connections"
    except socket.gaierror:
        return "a name that cannot be resolved"
    except TimeoutError:
        return f"which does not answer within {PATIENCE_SECONDS:.0f} s"
    except OSError as error:
        return f"which cannot be reached ({error.strerror or error})"
    return ""
