"""AWS's side of Signature Version 4, written from its specification and not with botocore."""

import hashlib
import hmac
import re

from tests.aws.scripted_aws import Request


def verified(request: Request, secret: str, service: str = "events") -> bool:
    """Say whether AWS, knowing `secret`, would find the request's Authorization header right."""
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    form = (
        r"AWS4-HMAC-SHA256 Credential=\S+?/(\d{8})/([\w-]+)/(\w+)/aws4_request, SignedHeaders=(\S+), Signature=(\w{64})"
    )
    found = re.fullmatch(form, headers["authorization"])
    if not found or found[3] != service:
        return False
    day, region, _, signed, signature = found.groups()
    canonical = "\n".join(
        [
            "POST",
            request.path,
            "",
            *(f"{name}:{headers[name]}" for name in signed.split(";")),
            "",
            signed,
            _sha(request.body),
        ]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, _sha(canonical.encode())])
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
