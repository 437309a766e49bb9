"""Sources over HTTP: offered, listed, read, with AWS's word and our queue beside it."""

import time
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from dashboard.api.callers import ApiKey, caller_of, tenant_of
from integrations.events.queries import Counters, counters_of
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.creation import DEFAULT_LABEL, create_source
from integrations.sources.models import Observed, Source
from integrations.sources.queries import sources_of_tenant
from integrations.sources.states import shown_state
from integrations.sources.tasks import advance_sources

POLL_SECONDS = 0.1
RETRIED = "Nothing has to be done: it is tried again by itself."
NOT_RETRIED = "Remove the cause, then provision the source again; it is not tried again by itself."

router = Router(tags=["Sources"])


class SourceIn(Schema):
    """To whom a tenant's events are offered, and which. Leave out event_types and pattern to offer all."""

    model_config = ConfigDict(extra="forbid")  # a misspelt event_types would offer everything

    account: str = Field(..., max_length=100, description="The tenant's AWS account", examples=["123456789012"])
    region: str = Field(..., max_length=100, examples=["eu-west-1"])
    label: str = Field(DEFAULT_LABEL, max_length=200, description="The last part of the source's name")
    event_types: list[str] | None = Field(None, description="Only these types", examples=[["order.created"]])
    pattern: dict[str, Any] | None = Field(None, description="Only what this EventBridge event pattern matches")


class FailureOut(Schema):
    """Why the last call to AWS about this source failed."""

    code: str = Field(..., description="AWS's own code, or ours")
    message: str
    next_step: str
    final: bool


class SourceOut(Schema):
    """A partner event source: our word is `desired`, AWS's is `observed`, people are shown `state`."""

    id: UUID
    tenant: str
    account: str
    region: str
    label: str
    name: str
    arn: str
    event_types: list[str] | None
    pattern: dict[str, Any] | None
    state: str = Field(..., description="requested, failed, pending, active, paused, expired or gone")
    desired: str = Field(..., description="present, paused or absent")
    observed: str = Field(..., description="unknown, none, pending, active or deleted")
    observed_at: datetime | None = Field(..., description="When AWS was asked")
    expires_at: datetime | None = Field(..., description="When AWS withdraws it unless it is accepted")
    failure: FailureOut | None
    waiting: int = Field(..., description="Deliveries on their way to AWS; counting stops at 100,000")
    held: int = Field(..., description="Deliveries that wait for the source; counting stops at 100,000")
    dead: int
    oldest_waiting_at: datetime | None
    last_accepted_at: datetime | None = Field(..., description="When AWS last took an event")
    created_at: datetime


class SourceList(Schema):
    """All sources of a tenant, oldest first."""

    sources: list[SourceOut]


class Wait(Schema):
    wait: float = Field(0, ge=0, le=20, description="Seconds to wait for AWS's answer")


@router.post(
    "/tenants/{tenant}/sources",
    response={200: SourceOut, 202: SourceOut},
    auth=ApiKey("sources:write"),
    summary="Offer a source",
    operation_id="post_source",
)
def post(request: HttpRequest, tenant: str, offer: SourceIn, patience: Annotated[Wait, Query()]) -> Status[SourceOut]:
    """202 when the source is new, 200 when the same one exists. AWS is called afterwards. Needs sources:write."""
    source, is_new = create_source(
        tenant=tenant_of(request, tenant), actor=caller_of(request).actor, now=timezone.now(), **offer.dict()
    )
    kick(advance_sources)
    _wait_for_answer(source, patience.wait)
    return Status(202 if is_new else 200, _shown([source])[0])


@router.get(
    "/tenants/{tenant}/sources",
    response=SourceList,
    auth=ApiKey("sources:read"),
    summary="List a tenant's sources",
    operation_id="list_sources",
)
def get_list(request: HttpRequest, tenant: str) -> SourceList:
    """Needs the scope sources:read."""
    sources = list(sources_of_tenant(tenant_of(request, tenant)))
    return SourceList(sources=_shown(sources))


@router.get(
    "/tenants/{tenant}/sources/{source}",
    response=SourceOut,
    auth=ApiKey("sources:read"),
    summary="Read a source",
    operation_id="get_source",
)
def get(request: HttpRequest, tenant: str, source: str) -> SourceOut:
    """Needs the scope sources:read."""
    return _shown([_source_of(request, tenant, source)])[0]


def _source_of(request: HttpRequest, tenant: str, source: str) -> Source:
    try:
        return sources_of_tenant(tenant_of(request, tenant)).get(public_id=UUID(source))
    except (Source.DoesNotExist, ValueError):
        raise Problem(404, "source_unknown", "This tenant has no such source.") from None


def _wait_for_answer(source: Source, seconds: float) -> None:
    """Read the row until AWS has answered, outside of any transaction: it is written by a worker."""
    give_up_at = time.monotonic() + seconds
    while not _is_answered(source) and time.monotonic() < give_up_at:
        time.sleep(POLL_SECONDS)
        source.refresh_from_db()


def _is_answered(source: Source) -> bool:
    return source.observed != Observed.UNKNOWN or bool(source.failure_code)


def _shown(sources: list[Source]) -> list[SourceOut]:
    counters = counters_of([source.pk for source in sources])
    return [_one(source, counters.get(source.pk, Counters())) for source in sources]


def _one(source: Source, counters: Counters) -> SourceOut:
    return SourceOut(
        id=source.public_id,
        tenant=source.tenant.external_id,
        account=str(source.account),
        region=source.region,
        label=source.label,
        name=source.name,
        arn=source.arn,
        event_types=source.event_types,
        pattern=source.pattern,
        state=shown_state(source),
        desired=source.desired,
        observed=source.observed,
        observed_at=source.observed_at,
        expires_at=source.expires_at,
        failure=_failure(source),
        waiting=counters.waiting,
        held=counters.held,
        dead=counters.dead,
        oldest_waiting_at=counters.oldest_waiting_at,
        last_accepted_at=counters.last_accepted_at,
        created_at=source.created_at,
    )


def _failure(source: Source) -> FailureOut | None:
    if not source.failure_code:
        return None
    return FailureOut(
        code=source.failure_code,
        message=source.failure_message,
        next_step=NOT_RETRIED if source.failure_final else RETRIED,
        final=source.failure_final,
    )
