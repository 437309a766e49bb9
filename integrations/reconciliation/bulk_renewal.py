"""Provisioning many sources again: counted first, then some a second, with progress, and cancelled at any moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from integrations.problems import Problem
from integrations.reconciliation.models import BulkRenewal, BulkRenewalItem
from integrations.registration.models import Environment
from integrations.sources.models import Desired, Source, SourceChange
from integrations.sources.renewal import reprovision
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant

STATES = ("expired", "gone", "failed")
HIGHEST_RATE = 50
DEFAULT_RATE = 2
CLAIM = timedelta(minutes=1)
State = BulkRenewal.State


@dataclass(frozen=True, slots=True)
class RenewalFilter:
    """Sources of an environment that have ended; `ended_since` by AWS's last word on them."""

    environment: Environment
    states: tuple[str, ...] = ("expired",)
    tenant: Tenant | None = None
    region: str = ""
    ended_since: datetime | None = None

    def described(self) -> dict[str, Any]:
        """Return it for people and the audit log."""
        return {
            "states": list(self.states),
            "tenant": self.tenant.external_id if self.tenant else None,
            "region": self.region,
            "ended_since": self.ended_since.isoformat() if self.ended_since else None,
        }


def matching(wanted: RenewalFilter) -> QuerySet[Source]:
    """Return the sources that would be provisioned again. Raises Problem 422 `state_unknown`."""
    if not wanted.states or not set(wanted.states) <= set(STATES):
        raise Problem(422, "state_unknown", f"States are {', '.join(STATES)}, one of them at least.")
    conditions = {"expired": Q(ended="expired"), "gone": Q(ended="gone"), "failed": Q(ended="", failure_final=True)}
    any_state = Q()
    for state in wanted.states:
        any_state |= conditions[state]
    found = Source.objects.filter(any_state, environment=wanted.environment, account__isnull=False)
    found = found.exclude(desired=Desired.ABSENT).filter(tenant__closed_at=None)
    if wanted.tenant:
        found = found.filter(tenant=wanted.tenant)
    if wanted.region:
        found = found.filter(region=wanted.region)
    if wanted.ended_since:
        found = found.filter(observed_at__gte=wanted.ended_since)
    return found.select_related("tenant", "environment").order_by("pk")


def request_bulk_renewal(
    *, wanted: RenewalFilter, per_second: int = DEFAULT_RATE, actor: Actor, now: datetime
) -> BulkRenewal:
    """Have what matches at this moment provisioned again. Raises Problem `nothing_matches`, `rate_invalid`."""
    if not 1 <= per_second <= HIGHEST_RATE:
        raise Problem(422, "rate_invalid", f"A rate is 1 to {HIGHEST_RATE} sources a second.")
    with transaction.atomic():
        sources = list(matching(wanted).values_list("pk", flat=True))
        if not sources:
            raise Problem(409, "nothing_matches", "No source matches any more: there is nothing to do.")
        renewal = BulkRenewal.objects.create(
            environment=wanted.environment,
            wanted=wanted.described(),
            per_second=per_second,
            total=len(sources),
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_label=actor.label[:200],
            created_at=now,
            due_at=now,
        )
        items = [BulkRenewalItem(renewal=renewal, source_id=source) for source in sources]
        BulkRenewalItem.objects.bulk_create(items, batch_size=1_000)
        _audit(renewal, "bulk-renewal:request", actor, now)
    return renewal


def cancel_bulk_renewal(*, renewal: BulkRenewal, actor: Actor, now: datetime) -> BulkRenewal:
    """Stop before the next source; what was done stays done. Raises Problem 409 `bulk_renewal_ended`."""
    with transaction.atomic():
        current = BulkRenewal.objects.select_for_update(no_key=True).get(pk=renewal.pk)
        if current.ended_at is not None:
            raise Problem(409, "bulk_renewal_ended", f"This is {current.state}: there is nothing left to cancel.")
        current.state, current.ended_at, current.due_at = State.CANCELLED, now, None
        current.save(update_fields=["state", "ended_at", "due_at"])
        _audit(current, "bulk-renewal:cancel", actor, now)
    return current


def claim_bulk_renewal(now: datetime) -> BulkRenewal | None:
    """Claim the next due one for a minute."""
    with transaction.atomic():
        due = BulkRenewal.objects.filter(due_at__lte=now).order_by("due_at")
        renewal = due.select_for_update(no_key=True, skip_locked=True).first()
        if renewal is not None:
            renewal.due_at = now + CLAIM
            renewal.save(update_fields=["due_at"])
    return renewal


def advance_bulk_renewal(renewal: BulkRenewal, clock: Callable[[], datetime]) -> None:
    """Provision one source of a claimed renewal again. Done, counted and written down in one transaction."""
    now = clock()
    with transaction.atomic():
        current = BulkRenewal.objects.select_for_update(no_key=True).get(pk=renewal.pk)
        if current.state != State.RUNNING:
            return
        waiting = current.items.filter(outcome="").order_by("pk").select_related("source")
        item = waiting.first()
        if item is None:
            current.state, current.ended_at, current.due_at = State.DONE, now, None
        else:
            _renew(current, item, now)
            current.due_at = now + timedelta(seconds=1 / current.per_second)
        current.save(update_fields=["state", "ended_at", "due_at"])


def _renew(renewal: BulkRenewal, item: BulkRenewalItem, now: datetime) -> None:
    actor = Actor(renewal.actor_kind, renewal.actor_label, renewal.actor_id)
    outcome, message = "renewed", ""
    try:
        with transaction.atomic():
            reprovision(
                source=item.source, actor=actor, now=now, cause=SourceChange.Cause.SCHEDULE, note="One of many."
            )
    except Problem as refusal:  # offered again, deleted or closed since it was asked for
        outcome, message = refusal.code, refusal.detail
    BulkRenewalItem.objects.filter(pk=item.pk).update(outcome=outcome, message=message)
    counted = {"done": F("done") + 1} if outcome == "renewed" else {"skipped": F("skipped") + 1}
    BulkRenewal.objects.filter(pk=renewal.pk).update(**counted)


def _audit(renewal: BulkRenewal, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="bulk_renewal",
        object_id=renewal.public_id,
        after={
            "filter": renewal.wanted,
            "total": renewal.total,
            "done": renewal.done,
            "per_second": renewal.per_second,
            "state": renewal.state,
        },
    )
