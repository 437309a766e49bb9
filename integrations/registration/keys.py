"""API keys: issuing, revoking and recognising them."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import OperationalError, connection, transaction
from django.db.models import Model, Q

from integrations.cursors import binary_cursor, raw_connection
from integrations.problems import Problem
from integrations.registration.models import ApiKey, Environment
from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry

SCOPES = (
    "events:write",
    "events:read",
    "events:replay",
    "tenants:write",
    "tenants:read",
    "sources:write",
    "sources:read",
)
MAX_EVENTS_PER_SECOND = 1_000_000
LAST_USED_STEP = timedelta(minutes=1)
# A backend that posts event by event would ask for its key a thousand times a second.
REMEMBERED_SECONDS = 1.0
MOST_REMEMBERED = 1_000
_known: dict[str, tuple[float, ApiKey]] = {}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever presented a valid key: its environment and what it may do."""

    key: ApiKey
    environment: Environment

    @property
    def actor(self) -> Actor:
        return Actor(AuditEntry.ActorKind.KEY, self.key.name, self.key.public_id)

    def require(self, scope: str) -> None:
        """Raise Problem 403 unless the key has the scope."""
        if scope not in self.key.scopes:
            raise Problem(
                403, "scope_missing", f"This key lacks the scope {scope!r}. Use a key that has it.", scope=scope
            )


def issue_key(
    *,
    environment: Environment,
    name: str,
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
    events_per_second: int | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its secret text, which cannot be shown again.

    The text is `pb_<test|live>_<prefix>_<secret>`, with 256 bits of secret. `events_per_second` limits what it
    may post; None sets no limit. Raises Problem for an unknown scope and for a limit below 1.
    """
    if unknown := set(scopes) - set(SCOPES):
        raise Problem(
            422, "scope_unknown", f"There is no scope {', '.join(sorted(unknown))}. Known: {', '.join(SCOPES)}."
        )
    if events_per_second is not None and not 1 <= events_per_second <= MAX_EVENTS_PER_SECOND:
        raise Problem(
            422, "rate_invalid", f"Limit a key to 1 to {MAX_EVENTS_PER_SECOND} events per second, or not at all."
        )
    prefix = secrets.token_hex(6)
    mode = "test" if environment.kind == Environment.Kind.TEST else "live"
    text = f"pb_{mode}_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            environment=environment,
            name=name,
            prefix=prefix,
            secret_hash=_hash(text),
            scopes=list(scopes),
            expires_at=expires_at,
            events_per_second=events_per_second,
        )
        audit.record(
            actor=actor,
            action="key:issue",
            at=now,
            object_type="key",
            object_id=key.public_id,
            after={
                "name": name,
                "scopes": list(scopes),
                "expires_at": expires_at and expires_at.isoformat(),
                "events_per_second": events_per_second,
            },
        )
    return key, text


def revoke_key(*, key: ApiKey, actor: Actor, now: datetime) -> None:
    """End a key at once. Revoking it again changes nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            transaction.on_commit(forget_keys)
            audit.record(actor=actor, action="key:revoke", at=now, object_type="key", object_id=key.public_id)


def authenticate(authorization: str | None, *, now: datetime) -> Caller:
    """Return the caller behind an `Authorization: Bearer <key>` header, or raise Problem 401.

    Wrong, revoked and expired keys get one status; the code says which, because whoever holds the secret may know.
    """
    text = _bearer(authorization)
    parts = text.split("_", 3)
    if len(parts) != 4 or parts[0] != "pb" or "\x00" in text:
        raise _unauthorized("key_malformed", "An API key begins with pb_test_ or pb_live_.")
    key = _remembered(parts[2])
    if key is None or not hmac.compare_digest(bytes(key.secret_hash), _hash(text)):
        raise _unauthorized("key_unknown", "There is no such API key.")
    if key.revoked_at is not None:
        raise _unauthorized("key_revoked", "This API key was revoked. Issue a new one.")
    if key.expires_at is not None and key.expires_at <= now:
        raise _unauthorized("key_expired", "This API key has expired. Issue a new one.")
    _remember_use(key, now)
    return Caller(key=key, environment=key.environment)


def _remembered(prefix: str) -> ApiKey | None:
    """Return the key of this prefix, as the database had it a second ago at most.

    A revoked key thus ends within REMEMBERED_SECONDS in other processes; a new one is known at once.
    """
    found = _known.get(prefix)
    if found and time.monotonic() < found[0]:
        return found[1]
    key = _find(prefix)
    if key is not None:
        if len(_known) >= MOST_REMEMBERED:
            _known.clear()
        _known[prefix] = (time.monotonic() + REMEMBERED_SECONDS, key)
    return key


def forget_keys() -> None:
    """Ask the database anew, in this process."""
    _known.clear()


def _find(prefix: str) -> ApiKey | None:
    """Return the key with its environment. In SQL, because every post of an event begins with this question."""
    try:
        row = _row(prefix)
    except OperationalError:
        if connection.in_atomic_block:
            raise
        connection.close()  # a connection kept since before the database restarted; nothing was asked yet
        row = _row(prefix)
    if row is None:
        return None
    columns, of_key = _columns()
    key = ApiKey.from_db(connection.alias, columns[:of_key], row[:of_key])
    key.environment = Environment.from_db(connection.alias, columns[of_key:], row[of_key:])
    return key


def _row(prefix: str) -> tuple[object, ...] | None:
    with connection.wrap_database_errors, binary_cursor(raw_connection()) as cursor:
        return cursor.execute(_find_statement(), [prefix], prepare=True).fetchone()


@cache
def _find_statement() -> bytes:
    columns, of_key = _columns()
    wanted = [f"k.{name}" for name in columns[:of_key]] + [f"e.{name}" for name in columns[of_key:]]
    return (
        f"select {', '.join(wanted)} from registration_apikey k"  # noqa: S608 - names of columns
        " join registration_environment e on e.id = k.environment_id where k.prefix = %s"
    ).encode()


@cache
def _columns() -> tuple[list[str], int]:
    """Return the columns of both tables, and how many are the key's."""

    def names(model: type[Model]) -> list[str]:
        return [field.attname for field in model._meta.concrete_fields]

    of_key = names(ApiKey)
    return of_key + names(Environment), len(of_key)


def _remember_use(key: ApiKey, now: datetime) -> None:
    """Note that the key is in use, at most once a minute: the row must not be rewritten by every request."""
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_STEP:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def _bearer(authorization: str | None) -> str:
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise _unauthorized("key_missing", "Send the API key as 'Authorization: Bearer <key>'.")
    return text.strip()


def _unauthorized(code: str, detail: str) -> Problem:
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
