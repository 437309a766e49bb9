"""The SaaS's backend: calls Partnerbus's HTTP API and repeats what was not answered."""

import json
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from tests.smoke import BrokenOff

JSON = "application/json"
BUSY = {429, 502, 503, 504, 507}
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Answer:
    content: Any
    tries: int


@dataclass(frozen=True)
class Source:
    """One offer to one tenant. The name is the same in every region."""

    id: str
    tenant: str
    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Standing:
    """What Partnerbus says of a source."""

    state: str
    held: int
    queued: int


class Backend:
    """Speaks for one environment, with its API key."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url).netloc
        self.key = key

    def put_tenant(self, tenant: str) -> None:
        self.call("PUT", f"/tenants/{quote(tenant, safe='')}", b"{}")

    def offer_source(self, tenant: str, account: str, region: str) -> Source:
        body = json.dumps({"account": account, "region": region}).encode()
        made = self.call("POST", f"/tenants/{quote(tenant, safe='')}/sources", body).content
        return Source(made["id"], tenant, account, region, made["name"])

    def standing(self, source: Source) -> Standing:
        said = self.call("GET", f"/tenants/{quote(source.tenant, safe='')}/sources/{source.id}").content
        return Standing(said["state"], said["held"], said["held"] + said["waiting"])

    def event(self, event_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/events/{event_id}").content
        return found

    def call(self, method: str, path: str, body: bytes = b"", content_type: str = JSON) -> Answer:
        """Send a request again and again until it is answered; all of them are safe to repeat.

        Raises BrokenOff for a refusal, and after two minutes.
        """
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        tries = 0
        while True:
            tries += 1
            try:
                status, content, pause = self._send(method, path, body, content_type)
            except (OSError, HTTPException) as error:
                status, content, pause = 0, f"{type(error).__name__}: {error}".encode(), PAUSE_SECONDS
            if 200 <= status < 300:
                return Answer(json.loads(content), tries)
            if (status and status not in BUSY) or time.monotonic() + pause > give_up_at:
                raise BrokenOff(f"{method} {path} was answered {status or 'by nobody'}: {content.decode()[:500]}")
            time.sleep(pause)

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes, float]:
        # A connection per call: a kept one may have been closed by the other side, which looks like a lost call.
        connection = HTTPConnection(self._address, timeout=60)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": content_type}
        try:
            connection.request(method, f"/api/v1{path}", body, headers)
            response = connection.getresponse()
            return response.status, response.read(), float(response.headers.get("Retry-After", PAUSE_SECONDS))
        finally:
            connection.close()
