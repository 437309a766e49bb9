"""Removing the seed. Killed in the middle, the next call goes on: the integration goes last.

The audit log keeps its lines, as of everything that ever was.
"""

from typing import TextIO

import psycopg
from django.db import transaction
from django.utils import timezone
from psycopg import sql

from dashboard.seed.filling import alone, connect, environment_of_seed
from dashboard.seed.plan import LABEL, MAIL_DOMAIN
from dashboard.seed.progress import Progress
from integrations.events.storage import day_tables
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant, User

OURS = "(select id from sources_source where environment_id = %(environment)s)"
QUEUES = ("pending", "retry", "dead", "activity", "heavy_lanes")
COUNTS = ("rollups", "rollup_failures")
RELATED = {  # in this order: each has keys of those behind it
    "notifications_message": "notice_id in (select id from notifications_notice where source_id in {ours})",
    "notifications_notice": "source_id in {ours}",
    "redriven": "source_id in {ours}",
    "replays": "environment_id = %(environment)s",
    "sources_expiryreminder": "source_id in {ours}",
    "sources_sourcechange": "source_id in {ours}",
}
# A row of it names its table by whatever it belongs to; what a day has of others stays.
OTHERS = {
    "events": "environment_id <> %(environment)s",
    "attempts": f"source_id not in {OURS}",
    "settled": f"source_id not in {OURS}",
}


def remove(output: TextIO) -> bool:
    """Take everything of the seed away and return whether there was one. Raises SeedRefused while one is made."""
    with alone(), connect() as session:
        environment = environment_of_seed()
        if environment is None:
            return False
        days = [(table.name, table.parent) for table in day_tables(session)]
        progress = Progress(output, len(days) + len(QUEUES) + len(COUNTS) + len(RELATED) + 1)
        try:
            _remove_rows(session, environment, days, progress)
            _remove_cast(environment)
            progress.advance(1, "tenants and sources")
        finally:
            progress.close()
        session.execute("vacuum (analyze) sources_source, sources_lane, tenants_tenant, tenants_user, rollups")
    return True


def _remove_rows(
    session: psycopg.Connection, environment: Environment, days: list[tuple[str, str]], progress: Progress
) -> None:
    parameters = {"environment": environment.pk}
    for table in QUEUES:
        session.execute(f"delete from {table} where source_id in {OURS}", parameters)  # noqa: S608 - our names
        progress.advance(1, table)
    for name, parent in days:
        _remove_of_day(session, name, parent, parameters)
        progress.advance(1, name)
    for table in COUNTS:
        where = f"source_id = -%(environment)s or source_id in {OURS}"
        session.execute(f"delete from {table} where {where}", parameters)  # noqa: S608 - our names
        progress.advance(1, table)
    for table, condition in RELATED.items():
        where = condition.replace("{ours}", OURS)
        session.execute(f"delete from {table} where {where}", parameters)  # noqa: S608 - our names
        # Tables without an index on their key of a source are read whole for each source that goes.
        session.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(table)))
        progress.advance(1, table)


def _remove_of_day(session: psycopg.Connection, name: str, parent: str, parameters: dict[str, int]) -> None:
    """Empty the table, which is quick, where nobody else has a row in it."""
    others = OTHERS[parent]
    with session.transaction():
        session.execute("set local lock_timeout = '20s'")
        session.execute(sql.SQL("lock table {} in access exclusive mode").format(sql.Identifier(name)))
        is_shared = f"select exists (select from {name} where {others})"  # noqa: S608 - our names
        if session.execute(is_shared, parameters).fetchone() == (False,):
            session.execute(sql.SQL("truncate {}").format(sql.Identifier(name)))
        else:
            session.execute(f"delete from {name} where not ({others})", parameters)  # noqa: S608 - our names


def _remove_cast(environment: Environment) -> None:
    integration, directory = environment.integration, environment.directory
    with transaction.atomic():
        Source.objects.filter(environment=environment).delete()
        Tenant.objects.filter(directory=directory).delete()
        User.objects.filter(email__endswith=MAIL_DOMAIN).delete()
        environment.delete()
        directory.delete()
        integration.delete()
        audit.record(
            actor=Actor.system(LABEL),
            action="seed:remove",
            at=timezone.now(),
            object_type="integration",
            object_id=integration.public_id,
        )
