"""TLS: certificates are verified, and proxies see nothing but the address."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import KEY
from scripted_server import Partnerbus, serving

from partnerbus_client import Client, Event, NoAnswer, Retries

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
ONE_TRY = Retries(tries=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody knows, with its key in the same file."""
    directory = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=directory,
        check=True,
        capture_output=True,
        timeout=30,
    )
    both = directory / "both.pem"
    both.write_text((directory / "key.pem").read_text() + (directory / "certificate.pem").read_text())
    return both


@pytest.fixture
def secured(certificate: Path) -> Iterator[Partnerbus]:
    """Partnerbus behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    partnerbus = Partnerbus()
    server = serving(partnerbus, context)
    yield partnerbus
    server.shutdown()
    server.server_close()


def test_a_certificate_that_nobody_vouches_for_is_refused(secured: Partnerbus) -> None:
    with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
        Client(secured.url, KEY, retries=ONE_TRY, proxy="").send(Event("alder", "a", {}))
    assert secured.requests == []


def test_an_authority_of_ones_own_can_be_trusted(secured: Partnerbus, certificate: Path) -> None:
    client = Client(secured.url, KEY, tls=ssl.create_default_context(cafile=str(certificate)), proxy="")
    for n in range(3):
        assert client.send(Event("alder", "a", {"n": n})).ok
    assert len({request.connection for request in secured.requests}) == 1


def test_a_proxy_only_learns_the_address(secured: Partnerbus, certificate: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []
        threading.Thread(target=_tunnel, args=(listener, heard), daemon=True).start()
        proxy = f"http://user:secret@127.0.0.1:{listener.getsockname()[1]}"
        client = Client(secured.url, KEY, tls=ssl.create_default_context(cafile=str(certificate)), proxy=proxy)
        assert client.send(Event("alder", "a", {})).ok
        client.close()
    address = secured.url.removeprefix("https://").encode()
    assert heard[0].startswith(b"CONNECT " + address)
    assert b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=" in heard[0]
    assert KEY.encode() not in b"".join(heard)
    assert "proxy-authorization" not in secured.requests[0].headers


def _tunnel(listener: socket.socket, heard: list[bytes]) -> None:
    """Connect one client to what it asks for, and write down what it says."""
    client, _ = listener.accept()
    heard.append(client.recv(10_000))
    host, port = heard[0].split()[1].decode().split(":")
    server = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=_copy, args=(server, client, []), daemon=True).start()
    _copy(client, server, heard)


def _copy(there: socket.socket, here: socket.socket, heard: list[bytes]) -> None:
    while data := there.recv(10_000):
        heard.append(data)
        here.sendall(data)
    with suppress(OSError):  # the other side may be gone already
        here.shutdown(socket.SHUT_WR)
