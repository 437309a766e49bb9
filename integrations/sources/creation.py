"""Creating a source: the intent to offer a tenant's events to an AWS account. AWS itself is called later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from integrations.aws import names
from integrations.aws.limits import LimitError
from integrations.problems import Problem
from integrations.registration.enabling import check_enabled
from integrations.registration.models import Environment
from integrations.sources.gate import set_gate
from integrations.sources.history import note_change
from integrations.sources.models import Desired, Lane, Observed, Source
from integrations.sources.renewal import offer_again_if_ended
from integrations.sources.reserve import lock_tenant
from integrations.sources.selection import Selection, selection_of
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant

DEFAULT_LABEL = "events"
MAX_PENDING_SOURCES = 10
# Longer than a posted body may take from its routing to its commit.
ROUTING_MARGIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Offer:
    """To whom, where and under which name. Checked; never changes once it is made."""

    account: str
    region: str
    label: str
    name: str
    arn: str


def create_source(
    *,
    tenant: Tenant,
    account: str,
    region: str,
    label: str = DEFAULT_LABEL,
    event_types: Sequence[str] | None = None,
    pattern: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[Source, bool]:
    """Create a source, due at once, and return it and whether it is new.

    The tenant's reserve, if there is one, becomes its first source and keeps its lane. Safe to call twice, also at
    once: the same offer with the same selection is the source that exists, offered again if it had ended. Raises
    Problem 422 `invalid_account`, `region_unknown`, `region_not_allowed`, `invalid_label`, `event_types_invalid`,
    `pattern_invalid`; 409 `tenant_closed`, `label_taken`, `production_not_enabled`,
    `too_many_pending_sources`.
    """
    selection = selection_of(event_types, pattern)
    with transaction.atomic():
        tenant = lock_tenant(tenant.pk)
        if tenant.closed_at is not None:
            raise Problem(409, "tenant_closed", "This tenant is closed; put it again to get a new one.")
        offer = offer_for(tenant=tenant, account=account, region=region, label=label)
        if existing := _existing(tenant, offer, selection):
            offer_again_if_ended(existing, actor, now)
            return Source.objects.select_related("environment", "tenant").get(pk=existing.pk), False
        check_enabled(tenant.directory.environment)
        _check_pending(tenant)
        source = become_source(tenant, offer, selection, now)
        _record(source, selection, actor, now)
    return source, True


def offer_for(*, tenant: Tenant, account: str, region: str, label: str = DEFAULT_LABEL) -> Offer:
    """Compute the name and the ARN that a source would get, so that they can be shown before it is created.

    Raises Problem as `create_source` does.
    """
    environment = tenant.directory.environment
    _check(names.check_account, account)
    _check(names.check_region, region, code="region_unknown")
    _check_allowed(region, environment)
    _check(names.check_label, label)
    try:
        name = names.source_name(environment.namespace, tenant.slug, tenant.public_id, label)
    except LimitError as error:
        raise Problem(422, error.code, str(error)) from None
    return Offer(account, region, label, name, names.source_arn(region, name))


def _check(check: Callable[[str], None], value: str, code: str = "") -> None:
    try:
        check(value)
    except LimitError as error:
        raise Problem(422, code or error.code, str(error)) from None


def _check_allowed(region: str, environment: Environment) -> None:
    if region not in environment.regions:
        allowed = ", ".join(sorted(environment.regions)) or "none yet"
        raise Problem(
            422,
            "region_not_allowed",
            f"{environment} is not registered with AWS for {region}. Allowed: {allowed}.",
            allowed=sorted(environment.regions),
        )


def _existing(tenant: Tenant, offer: Offer, selection: Selection) -> Source | None:
    source = Source.objects.filter(region=offer.region, name=offer.name).exclude(desired=Desired.ABSENT).first()
    if source is None:
        return None
    if source.tenant_id == tenant.pk and source.account == offer.account and selection.is_that_of(source):
        return source
    raise Problem(
        409,
        "label_taken",
        f"{offer.name} exists in {offer.region} with another account or selection. Use another label for a further "
        "source, or change the one that exists.",
    )


def _check_pending(tenant: Tenant) -> None:
    never_accepted = Source.objects.filter(
        tenant=tenant, account__isnull=False, ended="", observed__in=[Observed.UNKNOWN, Observed.PENDING]
    ).exclude(desired=Desired.ABSENT)
    if never_accepted.count() >= MAX_PENDING_SOURCES:
        raise Problem(
            409,
            "too_many_pending_sources",
            f"This tenant has {MAX_PENDING_SOURCES} sources that nobody accepted. Accept or delete one of them first.",
        )


def become_source(tenant: Tenant, offer: Offer, selection: Selection, now: datetime) -> Source:
    """Turn the reserve into the source, so that what it holds need not be moved; without one make a new row."""
    environment = tenant.directory.environment
    reserve = Source.objects.select_for_update(no_key=True).filter(tenant=tenant, account=None).first()
    source = reserve or Source(tenant=tenant, environment=environment)
    source.account, source.region, source.label = offer.account, offer.region, offer.label
    source.name, source.arn = offer.name, offer.arn
    source.event_types, source.pattern = selection.event_types, selection.pattern
    source.created_at = source.due_at = now
    source.save()
    lane, _ = Lane.objects.get_or_create(source=source, defaults={"environment": environment})
    Lane.objects.filter(pk=lane.pk).update(
        region=offer.region,
        # By the database's clock; the margin also covers ingest hosts whose clocks differ from it.
        selection_since=None if reserve is None or selection.selects_all else Now() + ROUTING_MARGIN,
    )
    set_gate(source, environment)
    return source


def _record(source: Source, selection: Selection, actor: Actor, now: datetime) -> None:
    note_change(source, actor, now, field="desired", after=source.desired)
    audit.record(
        actor=actor,
        action="source:create",
        at=now,
        object_type="source",
        object_id=source.public_id,
        tenant=source.tenant,
        after={
            "name": source.name,
            "account": source.account,
            "region": source.region,
            "event_types": selection.event_types,
            "pattern": selection.pattern,
        },
    )
