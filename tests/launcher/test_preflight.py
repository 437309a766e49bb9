"""What is refused before anything is started."""

import socket
from pathlib import Path

import pytest

from launcher import LaunchError, configuration, preflight
from launcher.directory import DataDirectory
from launcher.ports import LOOPBACK, free_port


def check(tmp_path: Path, **environment: str) -> None:
    preflight.check(configuration.read(None, environment, tmp_path), DataDirectory(tmp_path))


@pytest.mark.parametrize(
    ("variable", "url", "product"),
    [
        ("DATABASE_URL", "postgresql://ours:secret@{}/x", "PostgreSQL"),
        ("REDIS_URL", "rediss://{}/0", "Valkey or Redis"),
    ],
)
def test_a_server_that_refuses_connections_is_named_without_its_password(
    tmp_path: Path, variable: str, url: str, product: str
) -> None:
    address = f"{LOOPBACK}:{free_port()}"
    with pytest.raises(LaunchError) as refusal:
        check(tmp_path, **{variable: url.format(address)})
    assert str(refusal.value) == (
        f"{variable} points to {address}, which refuses connections. Start that {product}, or unset {variable} for "
        "the embedded one."
    )


@pytest.mark.parametrize("url", ["postgres://{}/x", "postgresql://user:p%23w@{}/x"])
def test_a_server_that_can_be_reached_is_not_objected_to(tmp_path: Path, url: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        check(tmp_path, DATABASE_URL=url.format(f"{LOOPBACK}:{server.getsockname()[1]}"))


@pytest.mark.parametrize(
    ("variable", "url"), [("DATABASE_URL", "postgresql:///x?host=/run"), ("REDIS_URL", "unix:///run/valkey.sock")]
)
def test_a_unix_socket_is_left_to_the_client(tmp_path: Path, variable: str, url: str) -> None:
    check(tmp_path, **{variable: url})


@pytest.mark.parametrize(
    ("variable", "url"),
    [("DATABASE_URL", "mysql://h/x"), ("DATABASE_URL", "secret@h:5432"), ("REDIS_URL", "http://h:6379")],
)
def test_another_kind_of_address_is_refused(tmp_path: Path, variable: str, url: str) -> None:
    with pytest.raises(LaunchError, match=f"{variable} does not begin with one of") as refusal:
        check(tmp_path, **{variable: url})
    assert "secret" not in str(refusal.value)


def test_an_address_that_cannot_be_read_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="not a valid address") as refusal:
        check(tmp_path, DATABASE_URL="postgres://user:se#cret@h/x")
    assert "cret" not in str(refusal.value)


def test_web_and_simulator_cannot_share_a_port(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="PORT and SANDBOX_PORT are both 8100"):
        check(tmp_path, PORT="8100", SANDBOX_PORT="8100")
    check(tmp_path, PORT="8100", SANDBOX_PORT="8100", PARTNERBUS_SANDBOX="0")
    check(tmp_path, PORT="0", SANDBOX_PORT="0")


def test_real_aws_is_refused_on_the_demo_world(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("demo\n")
    with pytest.raises(LaunchError, match="make demo-reset"):
        check(tmp_path, PARTNERBUS_SANDBOX="0")
    check(tmp_path)
    (tmp_path / "world").write_text("empty\n")
    check(tmp_path, PARTNERBUS_SANDBOX="0")
