"""Adoptions: a file of existing sources is looked at line by line, and taken over when somebody has seen the result."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count

from integrations.problems import Problem
from integrations.reconciliation.adoption_file import read_file
from integrations.reconciliation.models import Adoption, AdoptionLine, Drift
from integrations.registration.models import Environment
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant

ADOPTABLE, ADOPTED = "adoptable", "adopted"
State = Adoption.State


def request_adoption(*, environment: Environment, text: str, actor: Actor, now: datetime) -> Adoption:
    """Have a file looked at; nothing is taken over by that. Raises Problem 422 `file_invalid`."""
    lines = read_file(text, environment)
    with transaction.atomic():
        adoption = Adoption.objects.create(
            environment=environment, actor_label=actor.label[:200], total=len(lines), created_at=now, due_at=now
        )
        for line in lines:
            line.adoption = adoption
        AdoptionLine.objects.bulk_create(lines, batch_size=1_000)
        _audit(adoption, "adoption:request", actor, now)
    return adoption


def adopt_orphan(*, drift: Drift, tenant: str, account: str, actor: Actor, now: datetime) -> Adoption:
    """Have one orphan taken over by a tenant, for an account that AWS named. AWS is asked once more before.

    Raises Problem 409 `drift_resolved`, 422 `tenant_unknown`, `account_not_offered`.
    """
    if account not in drift.accounts:
        raise Problem(422, "account_not_offered", "AWS offers this source to another account.")
    with transaction.atomic():
        current = Drift.objects.select_for_update(no_key=True, of=("self",)).get(pk=drift.pk)
        if current.resolved_at is not None or current.kind != Drift.Kind.ORPHAN:
            raise Problem(409, "drift_resolved", "This is not an orphan any more. Look at the list again.")
        directory = drift.environment.directory_id
        if not Tenant.objects.filter(directory_id=directory, external_id=tenant, closed_at=None).exists():
            raise Problem(422, "tenant_unknown", f"{drift.environment} has no tenant {tenant!r}. Put it first.")
        adoption = Adoption.objects.create(
            environment_id=drift.environment_id,
            state=State.APPLYING,
            actor_label=actor.label[:200],
            total=1,
            created_at=now,
            applied_at=now,
            due_at=now,
        )
        AdoptionLine.objects.create(
            adoption=adoption,
            number=1,
            name=drift.name,
            tenant=tenant,
            account=account,
            region=drift.region,
            finding=ADOPTABLE,
        )
        _audit(adoption, "adoption:orphan", actor, now)
    return adoption


def apply_adoption(*, adoption: Adoption, actor: Actor, now: datetime) -> Adoption:
    """Take over what can be: AWS is asked about each once more. Raises Problem 409 `adoption_not_checked`."""
    with transaction.atomic():
        current = Adoption.objects.select_for_update(no_key=True).get(pk=adoption.pk)
        if current.state == State.APPLYING:
            return current
        if current.state != State.CHECKED:
            raise Problem(
                409, "adoption_not_checked", f"This adoption is {current.state}. Wait until it is {State.CHECKED}."
            )
        current.state, current.applied_at, current.due_at = State.APPLYING, now, now
        current.save(update_fields=["state", "applied_at", "due_at"])
        _audit(current, "adoption:apply", actor, now)
    return current


def cancel_adoption(*, adoption: Adoption, actor: Actor, now: datetime) -> Adoption:
    """Stop before the next line; what was taken over stays. Raises Problem 409 `adoption_ended`."""
    with transaction.atomic():
        current = Adoption.objects.select_for_update(no_key=True).get(pk=adoption.pk)
        if current.ended_at is not None:
            raise Problem(409, "adoption_ended", f"This adoption is {current.state}: there is nothing to cancel.")
        current.state, current.ended_at, current.due_at = State.CANCELLED, now, None
        current.save(update_fields=["state", "ended_at", "due_at"])
        _audit(current, "adoption:cancel", actor, now)
    return current


def findings_of(adoption: Adoption) -> dict[str, int]:
    """Return how many lines have which finding; the empty one waits for AWS."""
    counted = adoption.lines.values_list("finding").annotate(lines=Count("id")).order_by("finding")
    return dict(counted)


def _audit(adoption: Adoption, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="adoption",
        object_id=adoption.public_id,
        after={"state": adoption.state, "lines": adoption.total},
    )
