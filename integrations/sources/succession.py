"""Succession: account, region and name of an offer never change, so changing one is a new offer.

It takes over queue and history. The row with the lane becomes the new offer, and what was offered goes on as a row of
its own until AWS has confirmed its deletion: nothing that waits is moved, however much it is.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.enabling import check_enabled
from integrations.sources.creation import Offer, offer_for
from integrations.sources.gate import set_gate
from integrations.sources.history import note_change
from integrations.sources.models import Desired, HandOffLink, Lane, Observed, Source
from integrations.sources.row_locks import lock_with_tenant, refuse_deleted
from integrations.sources.setbacks import clear_failure
from tenants import audit
from tenants.audit import Actor
from tenants.identifiers import uuid7
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Succession:
    """What would be offered instead. With the same name in the same region AWS has to let go of the old offer first."""

    source: Source
    offer: Offer

    @property
    def keeps_its_name(self) -> bool:
        return (self.offer.region, self.offer.name) == (self.source.region, self.source.name)


def plan_succession(
    *, source: Source, account: str | None = None, region: str | None = None, label: str | None = None
) -> Succession:
    """Return what a succession would offer, and change nothing; what is left out stays.

    Raises Problem 409 `source_deleted`, `label_taken`, `production_not_enabled`; 422 `succession_unchanged`,
    `invalid_account`, `region_unknown`, `region_not_allowed`, `invalid_label`.
    """
    refuse_deleted(source)
    tenant = Tenant.objects.select_related("directory__environment__integration").get(pk=source.tenant_id)
    check_enabled(tenant.directory.environment)
    offer = offer_for(
        tenant=tenant,
        account=account or str(source.account),
        region=region or source.region,
        label=label or source.label,
    )
    if (offer.account, offer.region, offer.name) == (source.account, source.region, source.name):
        raise Problem(
            422, "succession_unchanged", "Account, region and name are what they were: name the one that changes."
        )
    others = Source.objects.filter(region=offer.region, name=offer.name).exclude(desired=Desired.ABSENT)
    if others.exclude(pk=source.pk).exists():
        raise Problem(
            409, "label_taken", f"{offer.name} exists in {offer.region} already. Use another label, or delete it first."
        )
    return Succession(source, offer)


def succeed(
    *,
    source: Source,
    account: str | None = None,
    region: str | None = None,
    label: str | None = None,
    actor: Actor,
    now: datetime,
) -> Source:
    """Offer what the plan says, with a new id, the source's queue and its history; delete the old offer at AWS.

    The old offer gets nothing from now on; what waits flows once the tenant has accepted the new one. Raises Problem as
    `plan_succession` does, and 409 `tenant_closed`.
    """
    with transaction.atomic():
        current = lock_with_tenant(source)
        offer = plan_succession(source=current, account=account, region=region, label=label).offer
        before = _as_told(current)
        if offer.account != current.account:  # whoever runs the old account is not to be shown the new offer
            HandOffLink.objects.filter(source=current, revoked_at=None).update(revoked_at=now)
        old_id, current.public_id = current.public_id, uuid7()
        current.save(update_fields=["public_id"])
        _become(current, offer, _leave_behind(current, old_id, actor, now), now)
        after = _as_told(current)
        note_change(current, actor, now, field="succession", before=_words(before), after=_words(after))
        audit.record(
            actor=actor,
            action="source:succeed",
            at=now,
            object_type="source",
            object_id=current.public_id,
            tenant=current.tenant,
            before={"id": str(old_id)} | before,
            after={"id": str(current.public_id)} | after,
        )
    return current


def _leave_behind(source: Source, public_id: UUID, actor: Actor, now: datetime) -> Source:
    """Make a row of the old offer, unwanted, with an empty lane."""
    names = [field.attname for field in Source._meta.concrete_fields if not field.primary_key]
    old = Source(**{name: getattr(source, name) for name in names})
    old.public_id, old.desired, old.due_at = public_id, Desired.ABSENT, now
    old.suspect_since = old.opens_at = old.kept_since = old.kept_replayed_at = None
    old.intent += 1
    clear_failure(old)
    old.save(force_insert=True)
    Source.objects.filter(pk=old.pk).update(created_at=source.created_at)
    Lane.objects.create(source=old, environment=source.environment, region=source.region)
    note = f"Its queue and its history went to the source {source.public_id}."
    note_change(old, actor, now, field="desired", before=source.desired, after=old.desired, note=note)
    return old


def _become(source: Source, offer: Offer, predecessor: Source, now: datetime) -> None:
    source.account, source.region, source.label = offer.account, offer.region, offer.label
    source.name, source.arn = offer.name, offer.arn
    source.predecessor = predecessor
    source.observed, source.ended = Observed.UNKNOWN, ""
    source.observed_at = source.provisioned_at = source.expires_at = source.activated_at = None
    # What was sent to the old offer while nobody had accepted it reached nobody: `kept_since` still owes its replay.
    source.suspect_since = source.opens_at = source.kept_replayed_at = None
    source.intent += 1
    source.created_at = source.due_at = now
    clear_failure(source)
    source.save()
    Lane.objects.filter(source=source).update(region=offer.region)
    set_gate(source, source.environment)


def _as_told(source: Source) -> dict[str, str]:
    return {"account": str(source.account), "region": source.region, "name": source.name}


def _words(offer: dict[str, str]) -> str:
    return f"{offer['name']} for {offer['account']} in {offer['region']}"
