"""Taking an integration through the four stages: beginning it, ticking items off, and where it stands.

One rule joins a stage to its items: it is *to do* while no item is done, *done* when all are, *waiting* when everything
that is still open is AWS's or the tenant's, and *in work* otherwise. A stage opens when the one in front of it is done,
or when somebody opens it with a reason (`stage_order`), and stays open from then on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction

from integrations.onboarding.checklist import STAGES
from integrations.onboarding.conflicts import claim_version
from integrations.onboarding.models import CataloguedType, ChecklistItem, Owner, Profile, Stage
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.integrations import EnvironmentSettings, create_integration
from integrations.registration.models import Integration
from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry, User

SLUG_LENGTH = 60
NAME_LENGTH = 200


def begin_integration(
    *,
    slug: str,
    name: str,
    environments: Sequence[EnvironmentSettings],
    actor: Actor,
    now: datetime,
    profile: Mapping[str, Any] | None = None,
    event_types: Sequence[str] = (),
) -> Integration:
    """Create an integration, its environments, its profile and the four stages with their items: all of it or nothing.

    `profile` are columns that `profiles.checked_profile` returned; `lead` among them is who leads.

    Raises LimitError for what AWS would refuse, Problem `invalid_integration` for a slug or a name that cannot be used,
    no environment or two of a kind, and Problem `integration_exists` or `namespace_taken`.
    """
    _check(slug, name, environments)
    try:
        with transaction.atomic():
            integration = create_integration(slug=slug, name=name, environments=environments, actor=actor, now=now)
            fields = {"domain": domain_of(environments[0].namespace), **(profile or {})}
            Profile.objects.create(integration=integration, **fields)
            CataloguedType.objects.bulk_create(
                CataloguedType(integration=integration, name=each) for each in event_types
            )
            title = f"{name.strip()} begins its way through AWS's stages"
            tell(integration=integration, kind=Kind.STAGE, title=title, actor=actor, now=now, stage=1)
            _create_stages(integration, now)
    except IntegrityError:  # somebody else took the slug or the namespace between the look and the insert
        raise Problem(409, "integration_exists", f"The slug {slug!r} or its namespace was taken just now.") from None
    return integration


def domain_of(namespace: str) -> str:
    """Return the provider's domain in a namespace: `example.com` of `aws.partner/example.com.test`."""
    return namespace.split("/")[1].removesuffix(".test")


def current_of(stages: Iterable[Stage]) -> Stage:
    """Return which of its stages, in their order, an integration is in: the first not done, or the last if all are."""
    listed = list(stages)
    return next((stage for stage in listed if stage.state != Stage.State.DONE), listed[-1])


def complete_item(
    *,
    item: ChecklistItem,
    actor: Actor,
    now: datetime,
    note: str = "",
    evidence: dict[str, Any] | None = None,
    version: int | None = None,
) -> ChecklistItem:
    """Mark an item as done; again changes nothing.

    A manual item keeps who did it and why, an automatic one the facts that prove it. Raises Problem 422
    `proof_missing` without them, 409 `stage_closed` for a manual item of a stage whose turn has not come,
    `changed_meanwhile`.
    """
    with transaction.atomic():
        stage, current = locked_item(item)
        if current.state == ChecklistItem.State.DONE:
            return current
        person, before = _person(actor), current.state
        _check_proof(current, person, note, evidence)
        _check_turn(stage, current)
        claim_version(current, version)
        current.state, current.done_at, current.done_by = ChecklistItem.State.DONE, now, person
        current.note, current.evidence, current.missing, current.lost_at = note, evidence, "", None
        current.save()
        follow_items(stage, now, actor)
        title = f"{'Confirmed' if person else 'Proven'}: {current.title}"
        tell(
            integration=stage.integration, kind=Kind.PROVEN, title=title, text=note, actor=actor, now=now, item=current
        )
        after = {"state": current.state, "note": note, "evidence": evidence}
        record_item("checklist_item:complete", current, actor, now, before={"state": before}, after=after)
        return current


def reopen_item(
    *, item: ChecklistItem, actor: Actor, now: datetime, note: str = "", version: int | None = None
) -> ChecklistItem:
    """Take a tick back; what proved it stays in the audit log. Reopening an open item changes nothing.

    Raises Problem 409 `changed_meanwhile`.
    """
    with transaction.atomic():
        stage, current = locked_item(item)
        if current.state == ChecklistItem.State.OPEN:
            return current
        claim_version(current, version)
        before = {"state": current.state, "note": current.note, "evidence": current.evidence}
        current.state, current.done_at, current.done_by = ChecklistItem.State.OPEN, None, None
        current.note, current.evidence, current.lost_at = note, None, None
        current.save()
        follow_items(stage, now, actor)
        title = f"Reopened: {current.title}"
        tell(
            integration=stage.integration, kind=Kind.CHANGED, title=title, text=note, actor=actor, now=now, item=current
        )
        after = {"state": current.state, "note": note}
        record_item("checklist_item:reopen", current, actor, now, before=before, after=after)
        return current


def is_open(stage: Stage) -> bool:
    """Return whether the stage's turn has come."""
    return stage.opened_at is not None


def locked_item(item: ChecklistItem) -> tuple[Stage, ChecklistItem]:
    """Return the stage, locked until the end of the transaction, and the item as it is now."""
    # The stage and not the item: two people who tick the last two items at once must see each other's.
    stage = Stage.objects.select_for_update(of=("self",)).select_related("integration").get(pk=item.stage_id)
    return stage, ChecklistItem.objects.select_related("stage__integration").get(pk=item.pk)


def follow_items(stage: Stage, now: datetime, actor: Actor) -> None:
    """Let a locked stage follow its items: state, whose turn it is and since when; its end opens the next one."""
    items = list(stage.items.all())
    still_open = [item for item in items if item.state != ChecklistItem.State.DONE]
    was_done, owner = stage.state == Stage.State.DONE, _whose_turn(still_open) or stage.owner
    stage.state = Stage.State.DOING if stage.reopened_at and not still_open else _state(items, still_open)
    if owner != stage.owner or stage.owner_since is None:
        stage.owner, stage.owner_since = owner, now
    stage.started_at = (stage.started_at or now) if stage.state != Stage.State.TODO else None
    is_done = stage.state == Stage.State.DONE
    stage.completed_at = (stage.completed_at or now) if is_done else None
    stage.save()
    if is_done and not was_done:
        _end(stage, now, actor)


def _end(stage: Stage, now: datetime, actor: Actor) -> None:
    title = f"Stage {stage.number} is complete"
    tell(integration=stage.integration, kind=Kind.STAGE, title=title, actor=actor, now=now, stage=stage.number)
    following = Stage.objects.filter(integration=stage.integration, number=stage.number + 1, opened_at=None)
    following.update(opened_at=now, owner_since=now)


def _check(slug: str, name: str, environments: Sequence[EnvironmentSettings]) -> None:
    try:
        validate_slug(slug)
    except ValidationError:
        raise _invalid("Write the slug with letters, digits, dashes and underscores, for example `orders`.") from None
    if len(slug) > SLUG_LENGTH:
        raise _invalid(f"The slug has {len(slug)} characters; use at most {SLUG_LENGTH}.")
    if not name.strip() or not name.isprintable() or len(name) > NAME_LENGTH:
        raise _invalid(f"The name of an integration is 1 to {NAME_LENGTH} printable characters.")
    if not environments:
        raise _invalid("Give the integration at least one environment: test or production.")
    if len({settings.kind for settings in environments}) < len(environments):
        raise _invalid("An integration has one test and one production environment at most.")


def _invalid(detail: str) -> Problem:
    return Problem(422, "invalid_integration", detail)


def _create_stages(integration: Integration, now: datetime) -> None:
    for standard in STAGES:
        first = now if standard.number == 1 else None
        stage = Stage.objects.create(
            integration=integration, number=standard.number, opened_at=first, owner_since=first
        )
        ChecklistItem.objects.bulk_create(
            ChecklistItem(
                stage=stage, position=position, key=item.key, title=item.title, owner=item.owner, proof=item.proof
            )
            for position, item in enumerate(standard.items, 1)
        )


def _person(actor: Actor) -> User | None:
    if actor.kind != AuditEntry.ActorKind.PERSON or actor.id is None:
        return None
    return User.objects.get(public_id=actor.id)


def _check_proof(item: ChecklistItem, person: User | None, note: str, evidence: dict[str, Any] | None) -> None:
    if item.proof == ChecklistItem.Proof.AUTOMATIC and not evidence:
        raise Problem(422, "proof_missing", f"“{item.title}” is proven from facts: it cannot be ticked without them.")
    if item.proof == ChecklistItem.Proof.MANUAL and not (person and note.strip()):
        raise Problem(422, "proof_missing", f"“{item.title}” is ticked by a person, who notes how it is known.")


def _check_turn(stage: Stage, item: ChecklistItem) -> None:
    if item.proof == ChecklistItem.Proof.MANUAL and not is_open(stage):
        raise Problem(
            409,
            "stage_closed",
            f"Stage {stage.number} opens when stage {stage.number - 1} is done. Open it earlier with a reason if it "
            "has to be.",
        )


def _state(items: Sequence[ChecklistItem], still_open: Sequence[ChecklistItem]) -> Stage.State:
    if not still_open:
        return Stage.State.DONE
    if all(item.state == ChecklistItem.State.OPEN for item in items):
        return Stage.State.TODO
    return Stage.State.DOING if _whose_turn(still_open) == Owner.PROVIDER else Stage.State.WAITING


def _whose_turn(still_open: Sequence[ChecklistItem]) -> str | None:
    """The provider's as long as anything open is its own, then whoever owns the first open item."""
    owners = [item.owner for item in still_open]
    return Owner.PROVIDER if Owner.PROVIDER in owners else next(iter(owners), None)


def record_item(
    action: str, item: ChecklistItem, actor: Actor, now: datetime, *, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Write the audit line of an item."""
    integration = str(item.stage.integration.public_id)
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="checklist_item",
        object_id=item.public_id,
        before=before,
        after={"integration": integration, "stage": item.stage.number, "item": item.key, **after},
    )
