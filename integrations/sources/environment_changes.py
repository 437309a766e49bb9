"""Changing what an environment is registered with at AWS. What its sources were made of stays: no name ever moves."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from integrations.problems import Problem
from integrations.registration.environments import REGISTERED, as_told, locked_environment, record
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment
from integrations.sources.models import Desired, Observed, Source
from tenants.audit import Actor

# Made there at least once: a source that is provisioned again keeps its ARN, and one that was adopted has a moment.
_AT_AWS = ~Q(arn="") | Q(provisioned_at__isnull=False) | ~Q(observed=Observed.UNKNOWN)


def change_environment(
    *, environment: Environment, settings: EnvironmentSettings, actor: Actor, now: datetime
) -> Environment:
    """Change what is registered and return the environment as it is now; the same again changes nothing.

    Gate policy and going live have use cases of their own. Raises LimitError, Problem 409 `environment_in_use` for what
    sources are made of or stand in, 409 `namespace_taken`, 422 `region_missing`.
    """
    settings.check()
    try:
        with transaction.atomic():
            current = locked_environment(environment)
            wanted = {name: _plain(getattr(settings, name)) for name in REGISTERED}
            before = {name: getattr(current, name) for name in REGISTERED if getattr(current, name) != wanted[name]}
            if not before:
                return current
            _check_in_use(current, before, wanted)
            for name in before:
                setattr(current, name, wanted[name])
            current.save(update_fields=list(before))
            if "publisher_account" in before:
                _begin_anew(current, now)
            after = as_told({name: wanted[name] for name in before})
            record("environment:change", current, actor, now, before=as_told(before), after=after)
    except IntegrityError:
        taken = f"The namespace {settings.namespace} belongs to another environment already."
        raise Problem(409, "namespace_taken", taken) from None
    return current


def _check_in_use(environment: Environment, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "regions" in before and not wanted["regions"]:
        raise Problem(422, "region_missing", "Name at least one region: without one nothing can be offered.")
    # A deleted source counts for the name: it may be provisioned again, under the one that it had.
    sources = Source.objects.filter(environment=environment, account__isnull=False)
    is_named = "namespace" in before and sources.exists()
    if is_named or ("publisher_account" in before and _any_at_aws(sources)):
        raise Problem(
            409,
            "environment_in_use",
            f"{environment} has sources, whose names and owner at AWS cannot change. Begin a new integration instead.",
        )
    used = set(sources.exclude(desired=Desired.ABSENT).values_list("region", flat=True))
    if lost := used - set(wanted["regions"]):
        raise Problem(
            409,
            "environment_in_use",
            f"Sources stand in {', '.join(sorted(lost))}: delete them first, or keep the region.",
        )


def _any_at_aws(sources: QuerySet[Source]) -> bool:
    """Return whether one was made at AWS. If none was, none is until the end of the transaction: each is locked."""
    if sources.filter(_AT_AWS).exists():
        return True
    locked = list(sources.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return Source.objects.filter(_AT_AWS, pk__in=locked).exists()


def _begin_anew(environment: Environment, now: datetime) -> None:
    """Have sources that were never made tried with the account of now; a call under way for the old one is outdated."""
    Source.objects.filter(environment=environment, account__isnull=False).exclude(desired=Desired.ABSENT).update(
        intent=F("intent") + 1, tries=0, failure_code="", failure_message="", failure_final=False, due_at=now
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else list(value)
