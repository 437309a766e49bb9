"""Posting against a server that misbehaves in every way that a network offers."""

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import KEY, QUICK
from scripted_server import (
    Partnerbus,
    half_an_answer,
    hang_up,
    page,
    problem,
    slowly,
    store,
    store_and_hang_up,
    store_then_close,
)

from partnerbus_client import (
    AccessDenied,
    ApiError,
    Client,
    Event,
    EventRejected,
    NoAnswer,
    PartnerbusError,
    RateLimited,
    Retries,
    Unauthorized,
    Unavailable,
)

Make = Callable[..., Client]
MakeEvents = Callable[..., list[Event]]
ONE = Event("alder", "order.created", {"total": 1}, id="order-1")


def test_one_event_is_stored(client: Client, partnerbus: Partnerbus) -> None:
    result = client.send(ONE)
    assert (result.status, result.event, result.code, result.ok) == ("stored", ONE, None, True)
    assert result.event_id
    [request] = partnerbus.requests
    assert (request.path, request.headers["authorization"]) == ("/api/v1/events", f"Bearer {KEY}")
    assert request.headers["user-agent"].startswith("partnerbus-client-python/")


def test_the_same_event_again_is_a_duplicate_of_itself(client: Client) -> None:
    first, second = client.send(ONE), client.send(ONE)
    assert (second.status, second.event_id, second.ok) == ("duplicate", first.event_id, True)


@pytest.mark.parametrize(
    "trouble",
    [
        problem(503, "store_unavailable"),
        problem(507, "store_full"),
        problem(500, "internal_error"),
        problem(429, "rate_limited"),
        problem(408, "body_timeout"),
        problem(400, "body_incomplete"),
        page(502, b"<html>bad gateway</html>"),
        page(202, b"<html>not JSON</html>"),
        hang_up,
        store_and_hang_up,
        half_an_answer,
    ],
)
def test_trouble_that_passes_costs_a_repetition_and_no_second_event(
    client: Client, partnerbus: Partnerbus, trouble: Callable[..., None]
) -> None:
    partnerbus.script.extend([trouble, trouble])
    assert client.send(ONE).ok
    assert len(partnerbus.requests) == 3
    assert len({request.body for request in partnerbus.requests}) == 1
    assert list(partnerbus.stored) == ["order-1"]


def test_a_server_that_answers_too_late_is_asked_again(client_for: Make, partnerbus: Partnerbus) -> None:
    partnerbus.script.append(slowly(1.0))
    assert client_for(timeout=0.2).send(ONE).status == "duplicate"


def test_retry_after_is_waited_for(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.script.append(problem(429, "rate_limited", Retry_After="1"))
    before = time.monotonic()
    assert client.send(ONE).ok
    assert 1.0 <= time.monotonic() - before < 8.0


def test_a_longer_retry_after_than_there_is_patience_ends_at_once(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.script.append(problem(507, "store_full", Retry_After="60"))
    with pytest.raises(Unavailable) as caught:
        client.send(ONE)
    assert (caught.value.code, caught.value.retry_after, caught.value.temporary) == ("store_full", 60.0, True)
    assert caught.value.unconfirmed == (ONE,)


def test_tries_are_counted(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.always = problem(503, "store_unavailable")
    with pytest.raises(Unavailable):
        client.send(ONE)
    assert len(partnerbus.requests) == QUICK.tries


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "key_expired", Unauthorized),
        (403, "scope_missing", AccessDenied),
        (404, "not_found", ApiError),
        (501, "http_501", Unavailable),
    ],
)
def test_what_will_not_pass_is_raised_at_once_with_its_code(
    client: Client, partnerbus: Partnerbus, status: int, code: str, error: type[ApiError]
) -> None:
    partnerbus.script.append(problem(status, code))
    with pytest.raises(error, match=code) as caught:
        client.send(ONE)
    assert (caught.value.status, caught.value.code, caught.value.unconfirmed) == (status, code, (ONE,))
    assert len(partnerbus.requests) == 1


def test_a_limit_that_stays_is_raised_as_such(client_for: Make, partnerbus: Partnerbus) -> None:
    partnerbus.always = problem(429, "rate_limited", Retry_After="9")
    with pytest.raises(RateLimited) as caught:
        client_for(retries=Retries(tries=1)).send(ONE)
    assert caught.value.retry_after == 9.0


def test_nobody_at_the_address_is_no_answer() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NoAnswer, match="ConnectionRefusedError") as caught:
        Client(url, KEY, retries=QUICK, proxy="").send(ONE)
    assert caught.value.unconfirmed == (ONE,)


def test_a_redirect_is_an_error_that_names_the_place(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.script.append(page(301, b"", {"Location": "https://elsewhere.example.com/"}))
    with pytest.raises(ApiError, match=r"elsewhere\.example\.com"):
        client.send(ONE)
    assert len(partnerbus.requests) == 1


@pytest.mark.parametrize(
    "receipt", [{"events": []}, {"events": [{"index": 0}]}, {"ok": True}, [], {"events": [{"index": 3}]}]
)
def test_an_answer_that_is_no_receipt_confirms_nothing(client: Client, partnerbus: Partnerbus, receipt: object) -> None:
    partnerbus.script.append(page(202, receipt))
    with pytest.raises(NoAnswer) as caught:
        client.send_many([ONE])
    assert caught.value.unconfirmed == (ONE,)


def test_a_rejected_event_is_raised_when_it_is_sent_alone(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.rejects["order-1"] = "tenant_unknown"
    with pytest.raises(EventRejected) as caught:
        client.send(ONE)
    assert (caught.value.code, caught.value.result.event) == ("tenant_unknown", ONE)


def test_an_id_that_was_used_for_another_event_is_raised(client: Client) -> None:
    client.send(ONE)
    with pytest.raises(EventRejected, match="id_reused") as caught:
        client.send(Event("alder", "order.created", {"total": 2}, id="order-1"))
    assert caught.value.result.status == "duplicate"


def test_results_come_in_the_order_of_the_events_and_one_bad_one_spoils_nothing(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    partnerbus.rejects["e1"] = "tenant_unknown"
    events = [*make_events(3), make_events(1)[0]]
    receipt = client.send_many(iter(events))
    assert [result.event for result in receipt] == events
    assert [result.status for result in receipt] == ["stored", "rejected", "stored", "duplicate"]
    assert (receipt.stored, receipt.duplicates, receipt.rejected, len(receipt)) == (2, 1, 1, 4)
    assert [failure.event.id for failure in receipt.failures] == ["e1"]
    with pytest.raises(EventRejected, match="e1"):
        receipt.raise_for_failures()


def test_results_that_come_in_another_order_are_put_in_theirs(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    def backwards(handler: object, request: object) -> None:
        receipt = partnerbus.receipt(request)  # type: ignore[arg-type]
        handler.answer(202, {**receipt, "events": receipt["events"][::-1]})  # type: ignore[attr-defined]

    partnerbus.rejects["e2"] = "tenant_unknown"
    partnerbus.script.append(backwards)
    assert [result.ok for result in client.send_many(make_events(4))] == [True, True, False, True]


def test_nothing_is_sent_for_no_events(client: Client, partnerbus: Partnerbus) -> None:
    assert len(client.send_many([])) == 0
    assert partnerbus.requests == []


def test_a_request_carries_a_thousand_events_at_most(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    assert client.send_many(make_events(2_500)).stored == 2_500
    assert [len(request.ids) for request in partnerbus.requests] == [1_000, 1_000, 500]


def test_a_request_is_no_longer_than_the_limit(
    client_for: Make, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    events = make_events(100, padding=1_000)
    assert client_for(max_body_bytes=10_000).send_many(events).stored == 100
    assert max(len(request.body) for request in partnerbus.requests) <= 10_000
    assert [identifier for request in partnerbus.requests for identifier in request.ids] == [e.id for e in events]


def test_a_server_that_takes_less_gets_less_and_an_event_too_large_alone_is_rejected(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    partnerbus.largest_body = 20_000
    events = make_events(50, padding=1_000)
    events.insert(7, Event("alder", "a", {"x": "x" * 30_000}, id="huge"))
    receipt = client.send_many(events)
    assert [(failure.event.id, failure.code) for failure in receipt.failures] == [("huge", "body_too_large")]
    assert receipt.stored == 50


def test_an_event_that_breaks_the_body_is_found_and_its_neighbours_pass(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    def break_at_e5(handler: object, request: object) -> None:
        if "e5" in request.ids:  # type: ignore[attr-defined]
            problem(400, "json_invalid")(handler, request)  # type: ignore[arg-type]
        else:
            store(handler, request)  # type: ignore[arg-type]

    partnerbus.always = break_at_e5
    receipt = client.send_many(make_events(20))
    assert [(failure.event.id, failure.code) for failure in receipt.failures] == [("e5", "json_invalid")]
    assert [result.event.id for result in receipt] == [f"e{n}" for n in range(20)]


def test_an_error_in_the_middle_keeps_what_was_answered(
    client: Client, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    partnerbus.script.extend([store, problem(401, "key_revoked")])
    events = make_events(2_500)
    with pytest.raises(Unauthorized) as caught:
        client.send_many(events)
    assert [result.event for result in caught.value.results] == events[:1_000]
    assert list(caught.value.unconfirmed) == events[1_000:]
    assert client.send_many(caught.value.unconfirmed).stored == 1_500


def test_bodies_are_compressed_when_wanted(client_for: Make, partnerbus: Partnerbus, make_events: MakeEvents) -> None:
    assert client_for(compress=True).send_many(make_events(200)).stored == 200
    [request] = partnerbus.requests
    assert request.headers["content-encoding"] == "gzip"
    assert len(request.raw) < len(request.body) / 5


def test_a_server_that_reads_no_gzip_gets_plain_bodies_from_then_on(
    client_for: Make, partnerbus: Partnerbus, make_events: MakeEvents
) -> None:
    partnerbus.script.append(problem(415, "encoding_unsupported"))
    client = client_for(compress=True)
    assert client.send_many(make_events(200)).stored == 200
    assert client.send_many(make_events(300)).duplicates == 200
    assert [request.headers.get("content-encoding") for request in partnerbus.requests] == ["gzip", None, None]


def test_a_connection_is_kept(client: Client, partnerbus: Partnerbus, make_events: MakeEvents) -> None:
    for event in make_events(5):
        client.send(event)
    assert len({request.connection for request in partnerbus.requests}) == 1


def test_a_kept_connection_that_the_server_has_closed_costs_no_try(client_for: Make, partnerbus: Partnerbus) -> None:
    client = client_for(retries=Retries(tries=1))
    partnerbus.script.append(store_then_close)
    client.send(ONE)
    time.sleep(0.5)  # until the end of the connection has arrived
    assert client.send(ONE).status == "duplicate"


def test_threads_share_a_client(client: Client, partnerbus: Partnerbus, make_events: MakeEvents) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(client.send, make_events(200)))
    assert [result.event.id for result in results] == [f"e{n}" for n in range(200)]
    assert len(partnerbus.stored) == 200
    assert len({request.connection for request in partnerbus.requests}) <= 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_process_opens_connections_of_its_own(client: Client, partnerbus: Partnerbus) -> None:
    client.send(ONE)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if client.send(ONE).status == "duplicate" else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.send(ONE).status == "duplicate"
    parent, forked, parent_again = (request.connection for request in partnerbus.requests)
    assert parent == parent_again != forked


def test_the_rest_of_the_api_can_be_called(client: Client) -> None:
    answer = client.call("PUT", "/tenants/42", {"name": "Alder"})
    assert (answer["method"], answer["path"], answer["body"]) == ("PUT", "/api/v1/tenants/42", '{"name": "Alder"}')
    assert client.call("GET", "/tenants/42")["body"] == ""


def test_a_post_that_may_have_been_done_is_not_repeated(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.script.append(hang_up)
    with pytest.raises(NoAnswer):
        client.call("POST", "/tenants/42/portal-sessions", {})
    partnerbus.script.append(problem(503, "store_unavailable"))
    assert client.call("POST", "/tenants/42/portal-sessions", {})["method"] == "POST"
    partnerbus.script.append(hang_up)
    assert client.call("GET", "/tenants/42")["method"] == "GET"
    assert len(partnerbus.requests) == 5


@pytest.mark.parametrize("path", ["tenants", "/tenants/with space", "/tenants/ä", "/tenants/a\r\nHost: b"])
def test_a_path_that_is_not_encoded_is_refused(client: Client, path: str) -> None:
    with pytest.raises(ValueError, match="percent-encoded"):
        client.call("GET", path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("{}", "/api/v1/events"),
        ("{}/", "/api/v1/events"),
        ("{}/api/v1", "/api/v1/events"),
        ("{}/api/v1/", "/api/v1/events"),
        ("{}/partnerbus", "/partnerbus/api/v1/events"),
    ],
)
def test_the_address_may_end_as_it_likes(partnerbus: Partnerbus, url: str, path: str) -> None:
    Client(url.format(partnerbus.url), KEY, proxy="").send(ONE)
    assert partnerbus.requests[0].path == path


@pytest.mark.parametrize("url", ["", "events.example.com", "ftp://events.example.com", "https://", "https://a/?b=c"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Client(url, KEY)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "ä"])
def test_a_key_that_is_none_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValueError, match=r"^The key is the one line that create_key printed\.$"):
        Client("http://127.0.0.1:1", key)


def test_the_key_is_in_no_text(client: Client, partnerbus: Partnerbus) -> None:
    partnerbus.script.append(problem(401, "key_revoked"))
    with pytest.raises(Unauthorized) as caught:
        client.send(ONE)
    assert KEY not in repr(client) + repr(caught.value) + str(caught.value)


def test_a_proxy_gets_the_whole_address(partnerbus: Partnerbus, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = partnerbus.url.replace("http://", "http://user:pass%20word@")
    Client("http://events.invalid:8000", KEY, proxy=proxy).send(ONE)
    monkeypatch.setenv("http_proxy", partnerbus.url)
    Client("http://events.invalid:8000", KEY).send(ONE)
    explicit, environment = partnerbus.requests
    assert explicit.path == environment.path == "http://events.invalid:8000/api/v1/events"
    assert explicit.headers["proxy-authorization"] == "Basic dXNlcjpwYXNzIHdvcmQ="
    assert explicit.headers["host"] == "events.invalid:8000"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert Client(partnerbus.url, KEY).send(ONE).status == "duplicate"


def test_other_proxies_are_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        Client("https://events.example.com", KEY, proxy="socks5://127.0.0.1:1080")


def test_the_environment_makes_a_client(partnerbus: Partnerbus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERBUS_URL", partnerbus.url)
    monkeypatch.setenv("PARTNERBUS_KEY", KEY)
    assert Client.from_environment(proxy="").send(ONE).ok


def test_an_answer_before_the_whole_body_was_read_is_heard(make_events: MakeEvents) -> None:
    """nginx does this with 413: it answers, closes, and reads nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=_refuse_early, args=(listener,), daemon=True).start()
        with pytest.raises(PartnerbusError) as caught:
            Client(url, KEY, retries=Retries(tries=1), proxy="").send_many(make_events(500, padding=10_000))
    assert getattr(caught.value, "code", None) == "store_full"


def _refuse_early(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.recv(1_000)
    body = b'{"code": "store_full", "detail": "The disk is full."}'
    connection.sendall(b"HTTP/1.1 507 Full\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
    connection.shutdown(socket.SHUT_WR)
    time.sleep(0.3)
    with connection:
        while connection.recv(1_000_000):
            pass
