"""Giving an integration its other environment, and what the audit log is told of what one is registered with."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from integrations.problems import Problem
from integrations.registration.integrations import EnvironmentSettings, create_environment
from integrations.registration.models import Environment, Integration
from tenants import audit
from tenants.audit import Actor

# What AWS registers, or is reached by.
REGISTERED = ("namespace", "publisher_account", "role_arn", "external_id", "receiver_accounts", "regions")
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
            after = as_told({name: getattr(environment, name) for name in REGISTERED})
            record("environment:add", environment, actor, now, before=None, after=after)
    except IntegrityError:  # somebody else was faster
        raise Problem(409, "environment_exists", "The environment or its namespace was taken just now.") from None
    return environment


def locked_environment(environment: Environment) -> Environment:
    """Return the environment as it is now, locked until the end of the transaction."""
    return Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)


def settings_of(environment: Environment) -> EnvironmentSettings:
    """Return what an environment is registered with, to change parts of it."""
    return EnvironmentSettings(
        kind="test" if environment.kind == Environment.Kind.TEST else "production",
        **{name: getattr(environment, name) for name in REGISTERED},
    )


def as_told(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as the audit log has them."""
    return {name: ("set" if value else "") if name == UNSAID else value for name, value in fields.items()}


def record(
    action: str,
    environment: Environment,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    """Write the audit line, inside the transaction of what it tells."""
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="environment",
        object_id=environment.public_id,
        before=before,
        after=after,
    )
