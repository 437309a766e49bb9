"""Changing what an environment is registered with. What sources were made of stays: no name ever moves."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from integrations.problems import Problem
from integrations.registration.integrations import EnvironmentSettings, create_environment
from integrations.registration.models import Environment, Integration
from tenants import audit
from tenants.audit import Actor

FIELDS = ("namespace", "publisher_account", "role_arn", "external_id", "receiver_accounts", "regions")
UNSAID = "external_id"  # of the role: not a credential, but nobody's business in a log


def add_environment(
    *, integration: Integration, settings: EnvironmentSettings, actor: Actor, now: datetime
) -> Environment:
    """Give an integration the environment that it does not have yet.

    Raises LimitError, Problem 409 `environment_exists` or `namespace_taken`.
    """
    settings.check()
    try:
        with transaction.atomic():
            if integration.environments.filter(kind=settings.kind).exists():
                raise Problem(409, "environment_exists", f"There is a {settings.kind} environment already.")
            environment = create_environment(integration, settings, now)
            after = _shown({name: getattr(environment, name) for name in FIELDS})
            _record("environment:add", environment, actor, now, before=None, after=after)
    except IntegrityError:  # somebody else was faster
        raise Problem(409, "environment_exists", "The environment or its namespace was taken just now.") from None
    return environment


def change_environment(
    *, environment: Environment, settings: EnvironmentSettings, actor: Actor, now: datetime
) -> Environment:
    """Change what is registered; the same again changes nothing.

    With sources, namespace and publisher account stay, and so do the regions that they are in.
    Raises LimitError, Problem 409 `environment_in_use` or `namespace_taken`.
    """
    settings.check()
    try:
        with transaction.atomic():
            current = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
            wanted = {name: _plain(getattr(settings, name)) for name in FIELDS}
            before = {name: getattr(current, name) for name in FIELDS if getattr(current, name) != wanted[name]}
            if not before:
                return current
            _check_in_use(current, before, wanted)
            for name in before:
                setattr(current, name, wanted[name])
            current.save(update_fields=list(before))
            after = _shown({name: wanted[name] for name in before})
            _record("environment:change", current, actor, now, before=_shown(before), after=after)
    except IntegrityError:
        taken = f"The namespace {settings.namespace} belongs to another environment already."
        raise Problem(409, "namespace_taken", taken) from None
    return current


def _check_in_use(environment: Environment, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    # By its reverse name: sources are a slice above this one.
    sources = environment.sources.filter(account__isnull=False)
    if {"namespace", "publisher_account"} & before.keys() and sources.exists():
        raise Problem(
            409,
            "environment_in_use",
            f"{environment} has sources, whose names and owner at AWS cannot change. Begin a new integration instead.",
        )
    lost = set(sources.exclude(desired="absent").values_list("region", flat=True)) - set(wanted["regions"])
    if lost:
        raise Problem(409, "environment_in_use", f"There are sources in {', '.join(sorted(lost))}: delete them first.")


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else list(value)


def _shown(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: ("set" if value else "") if name == UNSAID else value for name, value in fields.items()}


def _record(
    action: str,
    environment: Environment,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="environment",
        object_id=environment.public_id,
        before=before,
        after=after,
    )
