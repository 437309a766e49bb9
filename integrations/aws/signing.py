"""Signature Version 4 for EventBridge's one call of the hot path, as botocore would sign it, at a tenth of the cost.

Source: "Create a signed AWS API request" in the IAM user guide. A test holds it against botocore's own signer.
"""

import hashlib
import hmac
from datetime import datetime
from functools import lru_cache

from botocore.credentials import ReadOnlyCredentials

SERVICE = "events"
CONTENT_TYPE = "application/x-amz-json-1.1"


def sign(
    credentials: ReadOnlyCredentials, region: str, host: str, body: bytes, now: datetime, target: str
) -> list[tuple[str, str]]:
    """Return the headers of a POST to `/`, Authorization among them. `now` is UTC; `host` as in the Host header."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = [("Content-Type", CONTENT_TYPE), ("Host", host), ("X-Amz-Date", stamp)]
    if credentials.token:
        headers.append(("X-Amz-Security-Token", credentials.token))
    headers.append(("X-Amz-Target", target))
    names = [name.lower() for name, _ in headers]
    signed = ";".join(names)
    canonical = "".join(f"{name}:{value}\n" for name, (_, value) in zip(names, headers, strict=True))
    request = f"POST\n/\n\n{canonical}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(_key(credentials.secret_key, stamp[:8], region), text.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
    return [*headers, ("Authorization", authorization)]


@lru_cache(maxsize=256)
def _key(secret: str, day: str, region: str) -> bytes:
    """Return the key of a day and region: four of the five hashes of a signature are the same all day."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
