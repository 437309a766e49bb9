"""The client: posts events to one environment of Partnerbus, again and again until each is answered for."""

import gzip
import json
import logging
import os
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from partnerbus_client.answers import problem_in, results_in
from partnerbus_client.bodies import BATCH_FRAME, MAX_BODY_BYTES, MAX_EVENTS, beginning, body_of
from partnerbus_client.connections import Answer, Connections
from partnerbus_client.errors import ApiError, NoAnswer, PartnerbusError, error_for
from partnerbus_client.events import Event
from partnerbus_client.receipts import EventRejected, Receipt, Result
from partnerbus_client.retries import Retries, seconds_until
from partnerbus_client.version import __version__

SMALLEST_COMPRESSED = 1_400  # bytes; less fits one packet as it is
_IDEMPOTENT = {"GET", "PUT", "DELETE"}

log = logging.getLogger("partnerbus_client")


class Client:
    """Speaks for one environment, with its API key. Safe for threads, and after a fork; connections are kept.

    `url` is the installation's address, with or without `/api/v1`. `timeout` is for each silence of the server.
    `compress` posts gzip, unless the server says that it does not read it. Lower `max_body_bytes` for a proxy in
    between that takes less. `tls` replaces the default context, which verifies certificates; `proxy` the environment's.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        retries: Retries | None = None,
        compress: bool = False,
        max_body_bytes: int = MAX_BODY_BYTES,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
            raise ValueError("The address is like https://events.example.com.")
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("The key is the one line that create_key printed.")
        path = address.path.rstrip("/")
        self._path = path if path.endswith("/api/v1") else f"{path}/api/v1"
        self._url = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{self._path}"
        self._key = key
        self._retries = retries or Retries()
        self._compress = compress
        self._max_body_bytes = max_body_bytes
        self._connections = Connections(
            urlsplit(self._url), timeout=timeout, connect_timeout=connect_timeout, tls=tls, proxy=proxy
        )

    @classmethod
    def from_environment(cls, **options: Any) -> "Client":
        """Return a client for PARTNERBUS_URL and PARTNERBUS_KEY. Raises KeyError when one is not set."""
        return cls(os.environ["PARTNERBUS_URL"], os.environ["PARTNERBUS_KEY"], **options)

    def send(self, event: Event, *, retries: Retries | None = None) -> Result:
        """Return what became of one event: stored, or a duplicate of itself.

        Raises EventRejected when Partnerbus does not take it, ApiError or NoAnswer when it was not to be had.
        """
        [result] = self.send_many([event], retries=retries)
        if not result.ok:
            raise EventRejected(result)
        return result

    def send_many(self, events: Iterable[Event], *, retries: Retries | None = None) -> Receipt:
        """Return the results of all events, in their order; look at its `failures`, or call `raise_for_failures()`.

        Any number: a request carries up to 1,000 events and `max_body_bytes`. When one fails for good its error is
        raised, with what had been answered in `results` and all the rest in `unconfirmed`.
        """
        given = list(events)
        results: list[Result] = []
        try:
            self._send_all(given, results, retries or self._retries)
        except PartnerbusError as error:
            error.results = tuple(results)
            error.unconfirmed = tuple(given[len(results) :])
            raise
        return Receipt(tuple(results))

    def call(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        *,
        retries: Retries | None = None,
    ) -> Any:
        """Return the JSON that the API answers, for everything but posting events: `call("PUT", "/tenants/42", {})`.

        POST is repeated only where the server says that it did nothing. Raises ApiError or NoAnswer.
        """
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
            raise ValueError("A path begins with / and is percent-encoded: use urllib.parse.quote for ids of yours.")
        body = None if content is None else json.dumps(content).encode()
        idempotent = method.upper() in _IDEMPOTENT
        return self._exchange(method.upper(), path, body, retries or self._retries, idempotent=idempotent)

    def close(self) -> None:
        """Close the kept connections. The client can still be used and opens new ones."""
        self._connections.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._url!r})"

    def _send_all(self, events: Sequence[Event], results: list[Result], retries: Retries) -> None:
        """Append to `results` as answers arrive, so that an error in the middle finds what is known."""
        most = MAX_EVENTS
        while len(results) < len(events):
            bodies = beginning(events, len(results), most, self._max_body_bytes - BATCH_FRAME)
            batch = events[len(results) : len(results) + len(bodies)]
            try:
                answer = self._exchange("POST", "/events", body_of(bodies), retries)
                results.extend(results_in(answer, batch))
            except ApiError as error:
                if not error.concerns_the_body:
                    raise
                if len(batch) == 1:
                    results.append(Result(batch[0], "rejected", code=error.code, message=error.detail))
                most = max(1, len(batch) // 2) if len(batch) > 1 else MAX_EVENTS

    def _exchange(
        self, method: str, path: str, body: bytes | None, retries: Retries, *, idempotent: bool = True
    ) -> Any:
        gives_up_at = time.monotonic() + retries.patience
        failures = 0
        while True:
            try:
                return self._once(method, path, body)
            except PartnerbusError as error:
                failures += 1
                pause = retries.pause(failures, error.retry_after)
                may_be_repeated = error.temporary and (idempotent or error.nothing_was_done)
                if not may_be_repeated or failures >= retries.tries or time.monotonic() + pause > gives_up_at:
                    raise
                log.info("%s %s again in %.2f s: %s", method, path, pause, error)
            time.sleep(pause)

    def _once(self, method: str, path: str, body: bytes | None) -> Any:
        compressed = self._compress and body is not None and len(body) >= SMALLEST_COMPRESSED
        answer = self._send(method, path, gzip.compress(body, 5) if compressed and body else body, compressed)
        if 200 <= answer.status < 300:
            return _content(answer)
        problem = problem_in(answer)
        if compressed and problem.get("code") == "encoding_unsupported":
            self._compress = False
            return self._once(method, path, body)
        raise error_for(answer.status, problem, seconds_until(answer.headers.get("Retry-After")))

    def _send(self, method: str, path: str, body: bytes | None, compressed: bool) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Accept": "application/json",
            "User-Agent": f"partnerbus-client-python/{__version__}",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return self._connections.send(method, f"{self._path}{path}", body, headers)


def _content(answer: Answer) -> Any:
    if not answer.body:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise NoAnswer(f"The answer {answer.status} is not JSON. Is the address Partnerbus's own?") from None
