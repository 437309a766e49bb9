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
from integrations.aws.names import grouped
from integrations.events.queries import Counters, counters_of
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.accepting import step_to_accept
from integrations.sources.creation import DEFAULT_LABEL, create_source
from integrations.sources.drain import drain_rates_of
from integrations.sources.models import Observed, Source
from integrations.sources.queries import other_tenants_with, sources_of_tenant
from integrations.sources.states import shown_state
from integrations.sources.tasks import advance_sources
from tenants.models import Tenant

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


class NextStepOut(Schema):
    """What is waited for, and the commands of the AWS CLI that do it in the tenant's account."""

    sentence: str
    commands: list[str]


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
    next_step: NextStepOut | None = Field(..., description="What the tenant's AWS admin has to do, if anything")
    drain_rate: int | None = Field(..., description="Deliveries a second that may flow at most; null: no limit")
    waiting: int = Field(..., description="Deliveries on their way to AWS; counting stops at 100,000")
    held: int = Field(..., description="Deliveries that wait for the source; counting stops at 100,000")
    dead: int
    oldest_waiting_at: datetime | None
    last_accepted_at: datetime | None = Field(..., description="When AWS last took an event")
    created_at: datetime


class OfferedOut(SourceOut):
    """A source that has just been offered, with what deserves a second look."""

    warnings: list[str] = Field(..., description="For example: another tenant's events go to this AWS account")


class SourceList(Schema):
    """All sources of a tenant, oldest first."""

    sources: list[SourceOut]


class Wait(Schema):
    wait: float = Field(0, ge=0, le=20, description="Seconds to wait for AWS's answer")


@router.post(
    "/tenants/{tenant}/sources",
    response={200: OfferedOut, 202: OfferedOut},
    auth=ApiKey("sources:write"),
    summary="Offer a source",
    operation_id="post_source",
)
def post(request: HttpRequest, tenant: str, offer: SourceIn, patience: Annotated[Wait, Query()]) -> Status[OfferedOut]:
    """202 when the source is new, 200 when the same one exists. AWS is called afterwards. Needs sources:write."""
    owner = tenant_of(request, tenant)
    source, is_new = create_source(tenant=owner, actor=caller_of(request).actor, now=timezone.now(), **offer.dict())
    kick(advance_sources)
    _wait_for_answer(source, patience.wait)
    warnings = [account_is_shared(str(source.account), other) for other in other_tenants_with(offer.account, owner)]
    return Status(202 if is_new else 200, OfferedOut(**shown([source])[0].dict(), warnings=warnings))


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
    return SourceList(sources=shown(sources))


@router.get(
    "/tenants/{tenant}/sources/{source}",
    response=SourceOut,
    auth=ApiKey("sources:read"),
    summary="Read a source",
    operation_id="get_source",
)
def get(request: HttpRequest, tenant: str, source: str) -> SourceOut:
    """Needs the scope sources:read."""
    return shown([source_of(request, tenant, source)])[0]


def source_of(request: HttpRequest, tenant: str, source: str) -> Source:
    """Return a source of this tenant. Raises Problem 404, the same for a foreign and an unknown one."""
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


def shown(sources: list[Source]) -> list[SourceOut]:
    """Return the sources as the API shows them, each with the counters of its queue."""
    keys = [source.pk for source in sources]
    counters, rates = counters_of(keys), drain_rates_of(keys)
    return [_one(source, counters.get(source.pk, Counters()), rates.get(source.pk)) for source in sources]


def account_is_shared(account: str, other: Tenant) -> str:
    """Return the warning that another tenant's events go to the same AWS account."""
    return (
        f"Events of the tenant {other.external_id!r} go to the AWS account {grouped(account)}, too. If that is not "
        "meant, delete this source: the account's owner could read this tenant's events."
    )


def _one(source: Source, counters: Counters, drain_rate: int | None) -> SourceOut:
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
        next_step=_next_step(source),
        drain_rate=drain_rate,
        waiting=counters.waiting,
        held=counters.held,
        dead=counters.dead,
        oldest_waiting_at=counters.oldest_waiting_at,
        last_accepted_at=counters.last_accepted_at,
        created_at=source.created_at,
    )


def _next_step(source: Source) -> NextStepOut | None:
    step = step_to_accept(source)
    return None if step is None else NextStepOut(sentence=step.sentence, commands=list(step.commands))


def _failure(source: Source) -> FailureOut | None:
    if not source.failure_code:
        return None
    return FailureOut(
        code=source.failure_code,
        message=source.failure_message,
        next_step=NOT_RETRIED if source.failure_final else RETRIED,
        final=source.failure_final,
    )
