"""Who calls: 12 digits as access key id are the account; keys from AssumeRole speak for the role's account."""

import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from integrations.sandbox.errors import AwsError, validation_error

if TYPE_CHECKING:
    from integrations.sandbox.operations import Call, Operation
    from integrations.sandbox.simulator import Simulator

ROLE_ARN = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):role/(?:.+/)?([\w+=,.@-]+)")
HINT = "(sandbox: use a 12-digit account id as access key id, or keys from sts:AssumeRole)"
TOKEN_PREFIX = "sandbox."  # noqa: S105


@dataclass(frozen=True)
class Caller:
    account: str
    arn: str
    user_id: str


@dataclass(frozen=True)
class Scope:
    """The credential scope of a signature: who signed, for which region and service."""

    access_key_id: str
    region: str
    service: str


CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request")


def signed_scope(authorization: str) -> Scope:
    """Read the scope of a SigV4 Authorization header; the signature itself is not checked. Raises AwsError."""
    found = CREDENTIAL.match(authorization)
    if not found:
        raise AwsError("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    return Scope(*found.groups())


def identify(scope: Scope, session_token: str | None, now: datetime) -> Caller:
    """Return the caller. Raises AwsError with UnrecognizedClientException or ExpiredTokenException."""
    key = scope.access_key_id
    if re.fullmatch(r"[0-9]{12}", key):
        return Caller(account=key, arn=f"arn:aws:iam::{key}:root", user_id=key)
    session = _session(session_token)
    if session is None or session["key"] != key:
        raise AwsError("UnrecognizedClientException", f"The security token included in the request is invalid. {HINT}")
    if session["expires"] <= now.timestamp():
        raise AwsError("ExpiredTokenException", "The security token included in the request is expired")
    return Caller(session["account"], session["arn"], session["user_id"])


def assume_role(_: "Simulator", call: "Call") -> Mapping[str, Any]:
    """Issue keys for a role of any account; any ExternalId is accepted.

    The session token carries the session itself, so that a restart forgets nobody.
    """
    role_arn, session_name = call.parameters["RoleArn"], call.parameters["RoleSessionName"]
    role = ROLE_ARN.fullmatch(role_arn)
    if not role:
        raise validation_error(f"{role_arn} is invalid: expected arn:aws:iam::<12 digits>:role/<name>")
    partition, account, role_name = role.groups()
    expires = call.now + timedelta(seconds=call.parameters.get("DurationSeconds", 3600))
    key = "ASIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    user_id = f"AROA{account}SANDBOX:{session_name}"
    arn = f"arn:{partition}:sts::{account}:assumed-role/{role_name}/{session_name}"
    session = {"key": key, "account": account, "arn": arn, "user_id": user_id, "expires": expires.timestamp()}
    return {
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": secrets.token_urlsafe(30),
            "SessionToken": TOKEN_PREFIX + urlsafe_b64encode(json.dumps(session).encode()).decode(),
            "Expiration": expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
    }


def get_caller_identity(_: "Simulator", call: "Call") -> Mapping[str, Any]:
    return {"Account": call.caller.account, "Arn": call.caller.arn, "UserId": call.caller.user_id}


def _session(token: str | None) -> dict[str, Any] | None:
    if not token or not token.startswith(TOKEN_PREFIX):
        return None
    try:
        session = json.loads(urlsafe_b64decode(token.removeprefix(TOKEN_PREFIX)))
    except (NotBase64, ValueError):
        return None
    fields = {"key": str, "account": str, "arn": str, "user_id": str, "expires": float}
    if isinstance(session, dict) and all(isinstance(session.get(name), kind) for name, kind in fields.items()):
        return session
    return None


OPERATIONS: "dict[str, Operation]" = {"AssumeRole": assume_role, "GetCallerIdentity": get_caller_identity}
