"""The feed of source changes, by which a SaaS keeps its own picture of its tenants' sources."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from dashboard.api.callers import ApiKey, environment_of
from integrations.problems import Problem
from integrations.sources.changes import changes_after
from integrations.sources.models import SourceChange
from integrations.sources.states import shown_state

router = Router(tags=["Sources"])
LARGEST_POSITION = 2**63 - 1


class ChangeOut(Schema):
    """One change of what is wanted of a source, or of what AWS says of it."""

    at: datetime
    source: UUID
    tenant: str = Field(..., description="Your id of the tenant")
    name: str
    account: str
    region: str
    field: str = Field(
        ...,
        description="desired (present, paused, absent), observed (AWS's word, or unknown and none), "
        "or another property of the source, such as state, when it was offered again. Ignore what you do not know",
    )
    before: str
    after: str
    cause: str = Field(..., description="person, key, aws, expiry, schedule or system")
    note: str
    state: str = Field(..., description="The source's state at the moment of this answer, not of the change")


class ChangeList(Schema):
    """Changes, the oldest first."""

    changes: list[ChangeOut]
    next: str = Field(..., description="Keep it, and pass it as ?after= the next time, also when nothing was new")
    more: bool = Field(..., description="There is more already: ask again at once")


class Feed(Schema):
    after: str = Field("", max_length=40, description="`next` of the last answer; empty for the beginning")
    limit: int = Field(100, ge=1, le=1_000)


@router.get("/changes", auth=ApiKey("sources:read"), response=ChangeList, summary="Follow the changes of sources")
def list_changes(request: HttpRequest, feed: Query[Feed]) -> dict[str, Any]:
    """Every change exactly once, in an order that never changes: what is committed later stands further down.

    Changes are kept as long as their source.
    """
    stretch = changes_after(environment_of(request), _position(feed.after), feed.limit)
    return {"changes": [_one(change) for change in stretch.changes], "next": str(stretch.next), "more": stretch.more}


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > LARGEST_POSITION:
        raise Problem(422, "cursor_invalid", "Pass `next` of an earlier answer as `after`, or leave it out.")
    return int(cursor)


def _one(change: SourceChange) -> ChangeOut:
    source = change.source
    return ChangeOut(
        at=change.at,
        source=source.public_id,
        tenant=source.tenant.external_id,
        name=source.name,
        account=str(source.account),
        region=source.region,
        field=change.field,
        before=change.before,
        after=change.after,
        cause=change.cause,
        note=change.note,
        state=shown_state(source),
    )
