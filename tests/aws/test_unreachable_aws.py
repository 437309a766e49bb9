import asyncio
import socket
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler

import pytest

from integrations.aws import errors, exchange, publishing
from integrations.aws.errors import RetryClass
from integrations.aws.exchange import Exchanges
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import Accepted, PutResult
from tests.aws.calling import put_partner_events
from tests.aws.scripted_aws import Script, ScriptedAws, accepted, answer, hang_up_after

ENTRY = b'{"Source":"aws.partner/example.com/x/y","DetailType":"t","Detail":"{}"}'


def put(publisher: Publisher, timeout: float = 5) -> PutResult:
    return put_partner_events(publisher, "eu-west-1", [ENTRY], timeout=timeout)


@pytest.mark.parametrize(
    "reply",
    [
        hang_up_after(0),
        answer(b'{"FailedEntryCount":0,"Entries":[{"EventId":"a"},{"Ev', claim=400),
        hang_up_after(0, b"HTTP/1.1 200 OK\r\nContent-"),
        hang_up_after(0, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        hang_up_after(0, b"SSH-2.0-OpenSSH_9\r\n\r\n"),
        hang_up_after(1.5),
        hang_up_after(1.5, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    ],
)
def test_a_connection_that_ends_or_falls_silent_after_sending_leaves_the_outcome_unknown(
    aws: ScriptedAws, publisher: Publisher, reply: Script
) -> None:
    aws.answers(reply)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        put(publisher, timeout=0.4)
    assert caught.value.retry_class is RetryClass.RETRY
    assert len(aws.calls("PutPartnerEvents")) == 1


def test_the_timeout_of_the_call_counts_and_not_the_connections_own(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(accepted("a"), hang_up_after(3))
    put(publisher)
    started = time.perf_counter()
    with pytest.raises(errors.OutcomeUnknown):
        put(publisher, timeout=0.2)
    assert time.perf_counter() - started < 1.5


def test_a_port_where_nobody_listens_is_a_network_error_and_certain(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", f"http://127.0.0.1:{port}")
    with pytest.raises(errors.ConnectionFailed):
        put(publisher)


def test_a_name_that_does_not_resolve_is_said_so(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", "http://nowhere.invalid")
    with pytest.raises(errors.NameNotResolved) as caught:
        put(publisher)
    assert isinstance(caught.value, errors.NetworkError)


def test_a_server_without_tls_is_a_tls_failure(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", aws.url.replace("http:", "https:"))
    with pytest.raises(errors.TlsFailed):
        put(publisher)


def test_a_silent_endpoint_is_noticed_in_one_time_out_however_many_calls_wait(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def side_by_side(exchanges: Exchanges) -> list[PutResult | BaseException]:
        calls = [
            publishing.put_partner_events(exchanges, publisher, "eu-west-1", [ENTRY], timeout=5) for _ in range(40)
        ]
        return await asyncio.gather(*calls, return_exceptions=True)

    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as held:
        port = full.getsockname()[1]
        for _ in range(3):  # fills the queue: whoever comes now is not answered
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", f"http://127.0.0.1:{port}")
        started = time.monotonic()
        with Exchanges() as exchanges:
            results = exchanges.run(side_by_side(exchanges))
    assert {type(result) for result in results} == {errors.ConnectTimedOut}
    assert time.monotonic() - started < 1.5


def test_an_interim_word_is_not_the_answer(aws: ScriptedAws, publisher: Publisher) -> None:
    def continue_first(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        accepted("a")(handler)

    aws.answers(continue_first, accepted("b"))
    with Exchanges() as exchanges:
        for event_id in ("a", "b"):
            put = publishing.put_partner_events(exchanges, publisher, "eu-west-1", [ENTRY], timeout=5)
            assert exchanges.run(put).outcomes == [Accepted(event_id)]


def test_an_answer_that_ends_with_its_connection_counts(aws: ScriptedAws, publisher: Publisher) -> None:
    reply = b'HTTP/1.1 200 OK\r\n\r\n{"FailedEntryCount":0,"Entries":[{"EventId":"a"}]}'
    aws.answers(hang_up_after(0, reply))
    assert put(publisher).outcomes == [Accepted("a")]
