"""What `manage.py doctor` looks at: each examination says ok, warning or failed, and what to do about it."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host

from dashboard.health import HEARTBEAT_KEY, HEARTBEAT_LATE_SECONDS
from integrations.aws.identity import caller_identity
from integrations.aws.limits import LimitError
from integrations.aws.refusal import AwsError
from integrations.cursors import raw_connection
from integrations.events.back_pressure import measure
from integrations.events.storage import missing_tables
from integrations.registration.models import Environment

OLDEST_POSTGRESQL = 18
SHORTEST_SECRET_KEY = 32
CLOCK_WARNING = timedelta(seconds=3)  # from here on the publisher finds new events late, by up to half a minute
CLOCK_FAILURE = timedelta(minutes=1)  # from here on a changed selection may judge events that it should not
BROKER_SECONDS = 3


class Grade(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis."""

    grade: Grade
    subject: str
    text: str


def examine() -> Iterator[Finding]:
    """Look at everything; what needs the database is left out when it cannot be reached."""
    well = True
    for finding in examine_installation():
        well = well and (finding.subject not in ("database", "migrations") or finding.grade == Grade.OK)
        yield finding
    if well:
        yield from examine_identities(Environment.objects.select_related("integration").order_by("id"))


def examine_installation() -> Iterator[Finding]:
    """Look at everything but AWS."""
    yield from _settings()
    yield _sandbox()
    yield from _broker_and_beat()
    database = _database()
    yield database
    if database.grade == Grade.FAILED:
        return
    yield _direct_database()
    yield _clock()
    migrations = _migrations()
    yield migrations
    if migrations.grade == Grade.OK:
        yield _storage()
        yield _backlog()


def _settings() -> Iterator[Finding]:
    problems = list(_settings_problems())
    yield from problems
    if not problems:
        yield _ok("settings", f"served at {settings.PUBLIC_URL}")


def _settings_problems() -> Iterator[Finding]:
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        yield _warning("settings", f"SECRET_KEY has fewer than {SHORTEST_SECRET_KEY} characters: choose a random one.")
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield _failed("settings", f"PUBLIC_URL names {host!r}, which ALLOWED_HOSTS leaves out: add it there.")
    if settings.DEBUG and settings.SECURE:
        yield _failed("settings", "DEBUG shows source code and settings to visitors: take it out of the environment.")
    if not settings.SECURE and host not in ("127.0.0.1", "localhost", "::1"):
        yield _warning("settings", "PUBLIC_URL is not https: sessions and API keys cross the network readable.")


def _sandbox() -> Finding:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_EVENTS", "")
    if settings.SANDBOX and not endpoint:
        return _failed(
            "sandbox",
            "PARTNERBUS_SANDBOX is on and AWS_ENDPOINT_URL_EVENTS empty: calls would reach real AWS. Set one of both.",
        )
    if settings.SANDBOX and settings.SECURE:
        return _warning("sandbox", f"on: {endpoint} plays AWS. For real AWS set PARTNERBUS_SANDBOX=0.")
    if settings.SANDBOX:
        return _ok("sandbox", f"on: {endpoint} plays AWS")
    if endpoint:
        return _warning("sandbox", f"off, but AWS_ENDPOINT_URL_EVENTS sends calls to {endpoint}.")
    return _ok("sandbox", "off: calls go to AWS")


def _broker_and_beat() -> Iterator[Finding]:
    timeouts = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **timeouts) as broker:
            beaten = broker.get(HEARTBEAT_KEY)
    except (redis.RedisError, OSError) as error:
        yield _failed("broker", f"{error}. Events are stored, but nothing sends them: check REDIS_URL.")
        return
    yield _ok("broker", "answers")
    age = datetime.now(UTC).timestamp() - int(beaten) if beaten else None
    if age is None or age > HEARTBEAT_LATE_SECONDS:
        yield _warning("beat", "no recent heartbeat: see whether a worker and beat run. Without them nothing is sent.")
    else:
        yield _ok("beat", f"last heartbeat {max(age, 0):.0f} s ago")


def _database() -> Finding:
    try:
        connection.ensure_connection()
    except Error as error:
        return _failed("database", f"{_first_line(error)}. Check DATABASE_URL and the server.")
    major, minor = divmod(connection.pg_version, 10_000)  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    if major < OLDEST_POSTGRESQL:
        return _failed("database", f"PostgreSQL {major}.{minor}: version {OLDEST_POSTGRESQL} or newer is needed.")
    return _ok("database", f"PostgreSQL {major}.{minor}")


def _direct_database() -> Finding:
    try:
        with psycopg.connect(settings.DATABASE_URL_DIRECT, connect_timeout=5) as direct:
            ours = direct.execute("select current_database()").fetchone()
    except psycopg.Error as error:
        return _failed("direct database", f"{_first_line(error)}. The publisher needs it: check DATABASE_URL_DIRECT.")
    if ours != (connection.settings_dict["NAME"],):
        return _failed("direct database", "DATABASE_URL_DIRECT and DATABASE_URL name different databases.")
    return _ok("direct database", "the publisher can connect")


def _clock() -> Finding:
    with connection.cursor() as cursor:
        before = datetime.now(UTC)
        cursor.execute("select clock_timestamp()")
        (theirs,) = cursor.fetchone()
        after = datetime.now(UTC)
    # The database read its clock between our two readings.
    difference = max(before - theirs, theirs - after, timedelta())
    return _clocks_differing_by(difference)


def _clocks_differing_by(difference: timedelta) -> Finding:
    text = f"this machine's and the database's differ by {difference.total_seconds():.1f} s"
    if difference > CLOCK_FAILURE:
        return _failed("clock", f"{text}: synchronise both with NTP.")
    if difference > CLOCK_WARNING:
        return _warning("clock", f"{text}: synchronise both with NTP.")
    return _ok("clock", text)


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return _failed("migrations", f"{len(missing)} not applied: run `python manage.py migrate`.")
    return _ok("migrations", "all applied")


def _storage() -> Finding:
    missing = missing_tables(connection.connection, datetime.now(UTC))
    if missing:
        return _warning(
            "storage", f"{', '.join(missing)} missing: the first event makes them; if this stays, see that beat runs."
        )
    return _ok("storage", "today's tables exist")


def _backlog() -> Finding:
    try:
        load = measure(raw_connection())
    except psycopg.Error as error:
        return _warning("backlog", f"{_first_line(error)}: it cannot be measured, so ingest refuses nothing.")
    if load.fills_the_store:
        return _failed(
            "backlog", "the database has reached MAX_STORE_BYTES, ingest answers 507: free or grow its disk."
        )
    if any(map(load.is_too_far_behind, load.waiting)):
        return _failed("backlog", f"about {load.total} deliveries wait, ingest answers 429: see that publishers run.")
    return _ok("backlog", "within the limits of ingest")


def examine_identities(environments: Iterable[Environment]) -> Iterator[Finding]:
    """Ask AWS whom each environment's credentials belong to, side by side: where AWS is silent, each takes seconds."""
    with ThreadPoolExecutor(max_workers=8) as threads:
        yield from threads.map(examine_identity, environments)


def examine_identity(environment: Environment) -> Finding:
    """Ask AWS whom this environment's credentials belong to."""
    subject = f"aws: {environment.integration.slug} {environment.kind}"
    expected = environment.publisher_account
    if not expected or not environment.regions:
        return _warning(subject, "no publisher account or no region yet: nothing can be published.")
    try:
        account = caller_identity(environment.publisher, environment.regions[0])
    except (AwsError, LimitError) as error:
        return _failed(subject, f"{error}. {error.sentence if isinstance(error, AwsError) else ''}".strip())
    if account != expected:
        return _failed(subject, f"the credentials belong to {account}, not to the publisher account {expected}.")
    return _ok(subject, f"acts as {account}")


def _finding(grade: Grade) -> Callable[[str, str], Finding]:
    return lambda subject, text: Finding(grade, subject, text)


_ok, _warning, _failed = map(_finding, Grade)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
