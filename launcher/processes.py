"""The parts of Partnerbus in the order in which they start: one entry per program, with its command line.

This is also what to put into an init system of one's own: web and worker are the only two that a production needs.
"""

import os
import sys
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from launcher.configuration import ROOT, Configuration
from launcher.directory import DEMO, EMPTY, DataDirectory
from launcher.embedded import Servers
from launcher.fingerprints import fingerprint, migration_files, static_files
from launcher.ports import LOOPBACK, claim
from launcher.process import Job, Process

# Whatever of the person's own AWS set-up could take the sandbox's place, or be shown to it.
AWS_LEFT_OUT = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


PRIVATE = 0o077  # the umask of those that keep files in the data directory
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Plan:
    """What to start, and where it can then be found."""

    steps: list[list[Process | Job]]  # the parts of one step start together
    environment: dict[str, str]
    web_url: str
    sandbox_url: str | None


def partnerbus(configuration: Configuration, data: DataDirectory, servers: Servers) -> Plan:
    """The whole of Partnerbus on top of a database and a broker.

    Raises LaunchError when a port is taken.
    """
    port = claim(configuration.port, "PORT")
    sandbox_port = claim(configuration.sandbox_port, "SANDBOX_PORT") if configuration.sandbox else None
    environment = _environment(configuration, data, servers, port, sandbox_port)
    sandbox = [_sandbox(environment, sandbox_port, data)] if sandbox_port else []
    first_fill = [] if data.world.exists() else [_first_fill(configuration, data, environment)]
    return Plan(
        steps=[
            [*servers.processes],
            [*_preparations(configuration, data, environment), *sandbox],
            [*first_fill],
            [_web(environment, port), _worker(environment, data)],
        ],
        environment=environment,
        web_url=f"http://{LOOPBACK}:{port}",
        sandbox_url=f"http://{LOOPBACK}:{sandbox_port}" if sandbox_port else None,
    )


def _preparations(configuration: Configuration, data: DataDirectory, environment: dict[str, str]) -> list[Job]:
    """Migrations and static files, unless they were made for exactly this code, on a database that is ours alone."""
    migrate = _manage("migrate", "bring the database up to date", environment, "migrate", "--noinput")
    collect = _manage("collectstatic", "collect static files", environment, "collectstatic", "--noinput")
    ours = not configuration.environment.get("DATABASE_URL")
    cluster = data.path / "postgres" / "cluster" / "PG_VERSION"
    return [
        *_unless_done(migrate, data, [*migration_files(), cluster] if ours else None),
        *_unless_done(collect, data, [*static_files(), ROOT / "staticfiles" / "staticfiles.json"]),
    ]


def _unless_done(job: Job, data: DataDirectory, files: list[Path] | None) -> list[Job]:
    if files is None:
        return [job]
    mark = data.path / f"done-{job.name}"
    if mark.exists() and mark.read_text().strip() == fingerprint(files):
        return []
    return [replace(job, mark=(mark, lambda: fingerprint(files)))]


def _web(environment: dict[str, str], port: int) -> Process:
    gunicorn = [sys.executable, "-m", "gunicorn", "dashboard.wsgi:application", "--bind", f"{LOOPBACK}:{port}"]
    model = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--max-requests", "0"]
    patience = ["--timeout", "60", "--graceful-timeout", "8", "--keep-alive", "15", "--no-control-socket"]
    return Process(
        name="web",
        command=[*gunicorn, *model, *patience],
        environment=environment,
        directory=ROOT,
        ready=lambda: _answers(port, "/readyz"),
    )


def _worker(environment: dict[str, str], data: DataDirectory) -> Process:
    celery = [sys.executable, "-m", "celery", "-A", "dashboard", "worker", "--loglevel", "info"]
    model = ["--concurrency", "4", "--queues", "celery,publish", "--without-gossip", "--without-mingle"]
    beat = ["--beat", "--schedule", str(data.path / "beat-schedule")]
    return Process(
        name="worker",
        command=[*celery, *model, *beat],
        environment={**environment, "READY_FILE": str(data.worker_ready)},
        directory=ROOT,
        prepare=lambda: data.worker_ready.unlink(missing_ok=True),
        ready=data.worker_ready.exists,
        grace=15,
        umask=PRIVATE,
    )


def _sandbox(environment: dict[str, str], port: int, data: DataDirectory) -> Process:
    return Process(
        name="sandbox",
        command=[sys.executable, "-m", "integrations.sandbox"],
        environment={**environment, "SANDBOX_PORT": str(port), "SANDBOX_STATE": str(data.path / "sandbox.sqlite")},
        directory=ROOT,
        ready=lambda: _answers(port, "/_sandbox/state"),
        umask=PRIVATE,
    )


def _first_fill(configuration: Configuration, data: DataDirectory, environment: dict[str, str]) -> Job:
    if configuration.demo:
        loading = _manage("load_demo", "load the demo world", environment, "load_demo")
        return replace(loading, mark=(data.world, lambda: DEMO))
    inviting = _manage("create_admin", "prepare the first sign-in", environment, "create_admin", "--link")
    return replace(inviting, mark=(data.world, lambda: EMPTY), shows_output=True)


def _manage(name: str, doing: str, environment: dict[str, str], *arguments: str) -> Job:
    return Job(name, [sys.executable, "manage.py", *arguments], environment, ROOT, doing)


def _environment(
    configuration: Configuration, data: DataDirectory, servers: Servers, port: int, sandbox_port: int | None
) -> dict[str, str]:
    # Byte code is what makes the second start fast.
    given = {name: value for name, value in configuration.environment.items() if value and name != NO_BYTECODE}
    defaults = {
        "SECRET_KEY": data.secret_key(),
        "ALLOWED_HOSTS": f"{LOOPBACK},localhost",
        "PUBLIC_URL": f"http://{LOOPBACK}:{port}",
    }
    ours = {
        "DATABASE_URL": servers.database_url,
        "DATABASE_URL_DIRECT": _direct_url(given, servers),
        "REDIS_URL": servers.redis_url,
        "PORT": str(port),
        "PARTNERBUS_DATA": str(data.path),
        "PYTHONUNBUFFERED": "1",
    }
    if sandbox_port is None:
        return {**defaults, **given, **ours}
    mine = {name: value for name, value in given.items() if name not in AWS_LEFT_OUT}
    return {**defaults, **mine, **ours, **_sandboxed(f"http://{LOOPBACK}:{sandbox_port}")}


def _direct_url(given: dict[str, str], servers: Servers) -> str:
    # Only a pooler in front of DATABASE_URL can be gone around; an address without one belongs to some other database.
    return given.get("DATABASE_URL_DIRECT", servers.database_url) if "DATABASE_URL" in given else servers.database_url


def _sandboxed(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_EVENTS": endpoint,
        "AWS_ENDPOINT_URL_STS": endpoint,
        "AWS_ENDPOINT_URL_SQS": endpoint,
        "AWS_ACCESS_KEY_ID": "111111111111",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _answers(port: int, path: str) -> bool:
    # http.client and not urllib, which would ask the proxy of the environment.
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
