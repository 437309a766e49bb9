"""Filling an installation with the seed, or making what is missing of it: killed, it goes on where it stopped."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TextIO

import psycopg
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from psycopg import sql

from dashboard.seed import SeedRefused
from dashboard.seed.cast import cast_of, create_cast
from dashboard.seed.days import is_there, make_day, numbers_of, table_of
from dashboard.seed.past import write_past
from dashboard.seed.plan import LABEL, SLUG, Cast, Plan
from dashboard.seed.progress import Progress
from integrations.events import storage
from integrations.events.rollups import WATERMARK, minute_of
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry

WORKERS = 2  # sessions at once
BEGUN = "seed:begin"
FILLED = "vacuum (analyze) pending, retry, dead, rollups, rollup_failures, activity"
RELATED = "vacuum (analyze) tenants_tenant, tenants_user, sources_source, sources_lane, sources_sourcechange"
COLLECTED = "vacuum (analyze) notifications_notice, notifications_message, tenants_auditentry, tenants_membership"
COMPLETE = """insert into rollups (source_id, minute)
select %s, %s where not exists (select from rollups where source_id = %s)"""


def fill(plan: Plan, output: TextIO, *, force: bool = False) -> Environment:
    """Make what is missing of the seed and return its environment.

    Raises SeedRefused where there is another seed, where production is open, and when another process is at it.
    """
    plan.check()
    with alone(), connect() as session:
        environment = _begun(plan, force=force)
        storage.make_ahead(session, timezone.now())
        cast = cast_of(environment)
        progress = Progress(output, plan.events + plan.sources * plan.changes)
        try:
            write_past(plan, cast, environment.directory_id, progress)
            _make_days(session, plan, cast, progress)
        finally:
            progress.close()
        session.execute(COMPLETE, [WATERMARK, minute_of(cast.ends_at) - 1, WATERMARK])
        for statement in (FILLED, RELATED, COLLECTED, "analyze only events", "analyze only attempts"):
            session.execute(statement)
    return environment


def environment_of_seed() -> Environment | None:
    """Return the environment of the seed that there is."""
    return Environment.objects.select_related("directory", "integration").filter(integration__slug=SLUG).first()


@contextmanager
def connect() -> Iterator[psycopg.Connection]:
    """Open a session that may take its time, in autocommit."""
    with psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True) as session:
        for setting in ("synchronous_commit = off", "maintenance_work_mem = '256MB'", "statement_timeout = 0"):
            session.execute(f"set {setting}")
        yield session


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of whoever fills or removes."""
    with connect() as session:
        if session.execute("select pg_try_advisory_lock(hashtext('seed'))").fetchone() != (True,):
            raise SeedRefused("Another process is filling or removing the seed at this moment.")
        yield


def _begun(plan: Plan, *, force: bool) -> Environment:
    environment = environment_of_seed()
    if environment is None:
        _refuse_production(force=force)
        return _begin(plan)
    begun = AuditEntry.objects.filter(action=BEGUN, object_type="environment", object_id=str(environment.public_id))
    there = Plan(**(begun.values_list("after", flat=True).get() or {}))
    if there != plan:
        raise SeedRefused(
            f"There is a seed of {there}. Run it with the same numbers to make what is missing of it, or "
            "take it away first with `manage.py seed --remove`."
        )
    return environment


def _begin(plan: Plan) -> Environment:
    now = timezone.now()
    with transaction.atomic():
        environment = create_cast(plan, now)
        audit.record(
            actor=Actor.system(LABEL),
            action=BEGUN,
            at=now,
            object_type="environment",
            object_id=environment.public_id,
            after=asdict(plan),
        )
    return environment


def _refuse_production(*, force: bool) -> None:
    production = Environment.objects.filter(kind=Environment.Kind.PRODUCTION)
    in_use = production.filter(enabled_at__isnull=False) | production.filter(
        pk__in=Source.objects.filter(account__isnull=False).values("environment")
    )
    if not force and (environment := in_use.select_related("integration").first()):
        raise SeedRefused(
            f"{environment} is open to tenants, and a seed would share its database, disk and workers. Use another "
            "installation, or --force if you mean it."
        )


def _make_days(session: psycopg.Connection, plan: Plan, cast: Cast, progress: Progress) -> None:
    """Make the missing days in threads, the newest first. Raises what the first of them that failed raised."""
    missing = [day for day in cast.days if not is_there(session, cast, day)]
    progress.advance(sum(len(numbers_of(plan, cast, day)) for day in cast.days if day not in missing), "events")
    failures: list[BaseException] = []
    met = threading.Barrier(WORKERS)

    def work() -> None:
        try:
            _work(plan, cast, missing, met, progress)
        except BaseException as failure:
            failures.append(failure)
            missing.clear()
            met.abort()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]


def _work(plan: Plan, cast: Cast, days: list[datetime], met: threading.Barrier, progress: Progress) -> None:
    """Make one day after the other until none is left; then vacuum.

    Not before all are made: what is younger than another session's transaction would not be known to be visible to all.
    """
    made: list[datetime] = []
    with connect() as session:
        while days:
            day = days.pop()
            progress.advance(make_day(session, plan, cast, day), f"events, {day:%Y-%m-%d}")
            made.append(day)
        met.wait()
        for table in (table_of(parent, day) for day in made for parent in ("events", "attempts")):
            session.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(table)))
