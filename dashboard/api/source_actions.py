"""What can be done with a source over HTTP: change, delete, provision again, pause, resume, succeed, test.

On the router of the sources: the methods of one address have to be on one router.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Schema, Status
from pydantic import ConfigDict

from dashboard.api.callers import ApiKey, caller_of
from dashboard.api.sources import SourceOut, account_is_shared, router, shown, source_of
from integrations.events.tasks import publish
from integrations.events.trial import TEST_TYPE, send_test_event
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.deletion import delete_source
from integrations.sources.drain import set_drain_rate
from integrations.sources.models import Source
from integrations.sources.pausing import pause_source, resume_source
from integrations.sources.queries import other_tenants_with
from integrations.sources.renewal import reprovision
from integrations.sources.reselection import change_selection
from integrations.sources.succession import plan_succession, succeed
from integrations.sources.tasks import advance_sources

PATH = "/tenants/{tenant}/sources/{source}"
CHANGES = ApiKey("sources:write")

__all__ = ["router"]


class SourceChangeIn(Schema):
    """What can be changed; what is left out stays. null selects everything, or takes the limit off."""

    model_config = ConfigDict(extra="forbid")

    event_types: list[str] | None = Field(None, examples=[["order.created"]])
    pattern: dict[str, Any] | None = None
    drain_rate: int | None = Field(None, description="Deliveries a second that may flow at most", examples=[50])
    account: str | None = Field(None, description="Never changes: see the succession of a source")
    region: str | None = Field(None, description="Never changes")
    label: str | None = Field(None, description="Never changes")


class SuccessionIn(Schema):
    """What is to be offered instead: name what changes."""

    model_config = ConfigDict(extra="forbid")

    account: str | None = Field(None, max_length=100, examples=["123456789012"])
    region: str | None = Field(None, max_length=100)
    label: str | None = Field(None, max_length=200)
    dry_run: bool = Field(False, description="Only answer what would be offered")


class SuccessionOut(Schema):
    """What a succession would offer."""

    dry_run: bool = True
    account: str
    region: str
    label: str
    name: str
    arn: str
    takes_over: int = Field(..., description="Deliveries that wait and go to the new source; counting stops at 100,000")
    waits_for_deletion: bool = Field(..., description="Same name and region: AWS has to let go of the old offer first")
    warnings: list[str]


class TestEventOut(Schema):
    """The event that was stored for this source alone."""

    event_id: UUID
    type: str


class Queue(Schema):
    queue: Literal["keep", "discard"] = Field("keep", description="What becomes of deliveries that wait")


@router.patch(PATH, response=SourceOut, auth=CHANGES, summary="Change a source", operation_id="patch_source")
def patch(request: HttpRequest, tenant: str, source: str, change: SourceChangeIn) -> SourceOut:
    """Selection and drain rate. Events that are stored already are not judged again. Needs sources:write."""
    found, actor, now = source_of(request, tenant, source), caller_of(request).actor, timezone.now()
    given = change.model_fields_set
    if given & {"account", "region", "label"}:
        raise Problem(
            409,
            "source_immutable",
            "Account, region and label of a source never change. POST to its /succession: a new source takes over.",
        )
    if given & {"event_types", "pattern"}:
        types = change.event_types if "event_types" in given else found.event_types
        pattern = change.pattern if "pattern" in given else found.pattern
        change_selection(source=found, event_types=types, pattern=pattern, actor=actor, now=now)
    if "drain_rate" in given:
        set_drain_rate(source=found, per_second=change.drain_rate, actor=actor, now=now)
    return _now(found)


@router.delete(PATH, response={202: SourceOut}, auth=CHANGES, summary="Delete a source", operation_id="delete_source")
def delete(request: HttpRequest, tenant: str, source: str, choice: Annotated[Queue, Query()]) -> Status[SourceOut]:
    """202: it is deleted at AWS, and `gone` once AWS has confirmed that. Needs sources:write."""
    found = source_of(request, tenant, source)
    delete_source(source=found, keep_queue=choice.queue == "keep", actor=caller_of(request).actor, now=timezone.now())
    kick(advance_sources)
    return Status(202, _now(found))


@router.post(
    f"{PATH}/reprovision",
    response={202: SourceOut},
    auth=CHANGES,
    summary="Provision a source again",
    operation_id="reprovision_source",
)
def post_reprovision(request: HttpRequest, tenant: str, source: str) -> Status[SourceOut]:
    """Same name, history and held events; for one that expired, is gone, failed or was deleted. Needs sources:write."""
    found = source_of(request, tenant, source)
    reprovision(source=found, actor=caller_of(request).actor, now=timezone.now())
    kick(advance_sources)
    return Status(202, _now(found))


@router.post(f"{PATH}/pause", response=SourceOut, auth=CHANGES, summary="Pause a source", operation_id="pause_source")
def post_pause(request: HttpRequest, tenant: str, source: str) -> SourceOut:
    """Its events are held until it is resumed. Needs sources:write."""
    found = source_of(request, tenant, source)
    pause_source(source=found, actor=caller_of(request).actor, now=timezone.now())
    return _now(found)


@router.post(
    f"{PATH}/resume", response=SourceOut, auth=CHANGES, summary="Resume a source", operation_id="resume_source"
)
def post_resume(request: HttpRequest, tenant: str, source: str) -> SourceOut:
    """What was held flows. Needs sources:write."""
    found = source_of(request, tenant, source)
    resume_source(source=found, actor=caller_of(request).actor, now=timezone.now())
    kick(advance_sources)
    return _now(found)


@router.post(
    f"{PATH}/succession",
    response={200: SuccessionOut, 202: SourceOut},
    auth=CHANGES,
    summary="Offer to another account, in another region or under another label",
    operation_id="succeed_source",
)
def post_succession(request: HttpRequest, tenant: str, source: str, wanted: SuccessionIn) -> Status[Any]:
    """202 with the new source, which took over queue and history; 200 for a dry run. Needs sources:write."""
    found = source_of(request, tenant, source)
    asked = {"account": wanted.account, "region": wanted.region, "label": wanted.label}
    if wanted.dry_run:
        return Status(200, _planned(found, **asked))
    successor = succeed(source=found, actor=caller_of(request).actor, now=timezone.now(), **asked)
    kick(advance_sources)
    return Status(202, _now(successor))


@router.post(
    f"{PATH}/test-event",
    response={202: TestEventOut},
    auth=CHANGES,
    summary="Send a test event",
    operation_id="send_test_event",
)
def post_test_event(request: HttpRequest, tenant: str, source: str) -> Status[TestEventOut]:
    """A real event of the type partnerbus.test, for this source alone. Needs sources:write."""
    found = source_of(request, tenant, source)
    event_id = send_test_event(source=found, actor=caller_of(request).actor, now=timezone.now())
    kick(publish)
    return Status(202, TestEventOut(event_id=event_id, type=TEST_TYPE))


def _planned(source: Source, **asked: str | None) -> SuccessionOut:
    plan = plan_succession(source=source, **asked)
    (now,) = shown([source])
    others = other_tenants_with(plan.offer.account, source.tenant)
    return SuccessionOut(
        account=plan.offer.account,
        region=plan.offer.region,
        label=plan.offer.label,
        name=plan.offer.name,
        arn=plan.offer.arn,
        takes_over=now.waiting + now.held,
        waits_for_deletion=plan.keeps_its_name,
        warnings=[account_is_shared(plan.offer.account, other) for other in others],
    )


def _now(source: Source) -> SourceOut:
    """Return the source as it is after the change."""
    current = Source.objects.select_related("environment", "tenant").get(pk=source.pk)
    return shown([current])[0]
