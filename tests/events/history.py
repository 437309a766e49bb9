"""Attempts, queues and their moments as tests of figures and lists want them, without a publisher."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tests.events.conftest import rows


def attempt(
    source: Source,
    at: datetime,
    code: str = "accepted",
    *,
    event_id: UUID | None = None,
    ms: int = 20,
    size: int = 100,
    aws_id: UUID | None = None,
    request_id: UUID | None = None,
) -> None:
    """Write an attempt as the publisher would have recorded it."""
    execute(
        "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed, aws_id, request_id)"
        " values (%s, %s, %s, %s, 1, %s, %s, 3, %s, %s)",
        event_id or uuid7(),
        source.pk,
        at,
        code_id(code),
        ms,
        size,
        aws_id,
        request_id,
    )


def accepted(source: Source, event_id: UUID, at: datetime, **fields: UUID) -> None:
    """Move a delivery on as if AWS had taken it."""
    execute("delete from pending where source_id = %s and event_id = %s", source.pk, event_id)
    execute("delete from retry where source_id = %s and event_id = %s", source.pk, event_id)
    execute(
        "insert into activity values (%s, %s) on conflict (source_id) do update set last_accepted_at = %s",
        source.pk,
        at,
        at,
    )
    attempt(source, at, event_id=event_id, **fields)  # type: ignore[arg-type]


def retrying(source: Source, event_id: UUID, code: str, at: datetime) -> None:
    execute("delete from pending where source_id = %s and event_id = %s", source.pk, event_id)
    execute(
        "insert into retry (source_id, event_id, due_at, tries, refusals, code) values (%s, %s, %s, 1, 0, %s)",
        source.pk,
        event_id,
        at,
        code_id(code),
    )


def dead(source: Source, event_id: UUID, code: str, at: datetime) -> None:
    execute("delete from pending where source_id = %s and event_id = %s", source.pk, event_id)
    execute(
        "insert into dead (source_id, event_id, at, code, tries, message) values (%s, %s, %s, %s, 1, 'AWS said no.')",
        source.pk,
        event_id,
        at,
        code_id(code),
    )


def code_id(code: str) -> int:
    execute(
        "insert into outcome_codes (code) select %s where not exists (select from outcome_codes where code = %s)",
        code,
        code,
    )
    return int(rows("select id from outcome_codes where code = %s", code)[0][0])


def execute(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
