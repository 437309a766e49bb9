"""For load balancers and monitors: is the process alive, is it ready, and do the sweeps run?"""

import time
from typing import Any

import redis
from celery import shared_task
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

HEARTBEAT_KEY = "partnerbus:heartbeat"
HEARTBEAT_LATE_SECONDS = 60
BROKER_TIMEOUT_SECONDS = 0.05  # for each of connecting, greeting and asking: less than 200 ms in all

_migrated = False


@require_safe
@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """Answer 200 while this process can answer at all. Asks nobody."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers and is migrated, else 503; broker and beat can only be `degraded`."""
    trouble = _database_trouble()
    beat_age, degraded = _sweeps()
    status = "unready" if trouble else "degraded" if degraded else "ready"
    report: dict[str, Any] = {"status": status, "version": settings.VERSION, "beat_age_seconds": beat_age}
    report["problems"] = [*([trouble] if trouble else []), *degraded]
    return JsonResponse(report, status=503 if trouble else 200)


@shared_task(name="dashboard.health.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """Leave the time in Valkey. Beat starts it, the broker carries it, a worker runs it: its age speaks for all."""
    with _broker() as broker:
        broker.set(HEARTBEAT_KEY, int(time.time()))


def _database_trouble() -> str | None:
    global _migrated
    try:
        if not _migrated:
            missing = _missing_migrations()
            if missing:
                return f"Migrations are missing ({', '.join(missing)}): run `python manage.py migrate`."
            _migrated = True  # migrations are not taken back under a running process, and looking costs 50 ms
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except Error:
        return "The database does not answer: see whether PostgreSQL runs and DATABASE_URL is right."
    return None


def _missing_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _sweeps() -> tuple[int | None, list[str]]:
    """Return the heartbeat's age in seconds and what is wrong with broker, beat and workers."""
    try:
        with _broker() as broker:
            beaten = broker.get(HEARTBEAT_KEY)
    except redis.RedisError:
        return None, ["The broker does not answer: events are taken, and sent when it is back."]
    if beaten is None:
        return None, ["No heartbeat yet: see whether beat and a worker run."]
    age = max(0, int(time.time()) - int(beaten))
    late = age > HEARTBEAT_LATE_SECONDS
    return age, ["The heartbeat is late: see whether beat and a worker run."] if late else []


def _broker() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
