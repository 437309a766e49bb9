"""Plain HTTP to the AWS simulator: a customer's calls, and the clock.

Not boto3, because a customer is a stranger to this product and only the gateway speaks to AWS for us. The simulator
reads the account from the access key id and checks no signature.
"""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from dashboard.demo import DemoRefused

TIMEOUT_SECONDS = 10
TARGETS = {"events": "AWSEvents", "sqs": "AmazonSQS"}


class CallRefused(Exception):
    """The simulator's AWS refused a customer's call; `code` is AWS's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Simulator:
    """The simulator at an address. Every call raises DemoRefused when nobody answers there."""

    def __init__(self, address: str) -> None:
        self._address = address

    def check(self) -> None:
        self._send("GET", "/_sandbox/health", None, {})

    def age(self, seconds: float) -> None:
        """Let everything at AWS get older by so many seconds, and expire what is due."""
        self._send("POST", "/_sandbox/clock", {"advance_seconds": seconds}, {})

    def misbehave(self, faults: dict[str, Any]) -> None:
        """Have these faults instead of what was switched on before."""
        self._send("POST", "/_sandbox/faults", faults, {})

    def call(self, service: str, operation: str, *, account: str, region: str, **parameters: Any) -> Any:
        """Make one AWS call as the owner of `account`. Raises CallRefused."""
        scope = f"{account}/20260101/{region}/{service}/aws4_request"
        headers = {
            "X-Amz-Target": f"{TARGETS[service]}.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        }
        return self._send("POST", "/", parameters, headers)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        # http.client and not urllib, which would ask the proxy of the environment.
        connection = HTTPConnection(urlsplit(self._address).netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except (OSError, HTTPException) as error:
            raise DemoRefused(
                f"The AWS simulator does not answer at {self._address} ({error}). Start it with `make sandbox`, or use "
                "`make run`, which starts everything; then load the demo again."
            ) from None
        finally:
            connection.close()
        if status != 200:
            raise _refusal(status, content)
        return json.loads(content or b"{}")


def _refusal(status: int, body: bytes) -> CallRefused:
    try:
        said = json.loads(body)
        return CallRefused(said["__type"].rpartition("#")[2], said.get("message") or said.get("Message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return CallRefused(f"HTTP {status}", body.decode(errors="replace")[:200])
