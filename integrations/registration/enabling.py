"""Going live: from when on tenants may connect an integration's production environment, and taking that back."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.models import Environment
from tenants import audit
from tenants.audit import Actor


def enable_production(*, environment: Environment, reason: str, actor: Actor, now: datetime) -> Environment:
    """Let tenants connect the environment; again changes nothing. Raises Problem 409 `not_production`."""
    with transaction.atomic():
        current = _locked(environment)
        if current.enabled_at is not None:
            return current
        current.enabled_at = now
        _save(current, "environment:enable", reason, actor, now)
    return current


def disable_production(*, environment: Environment, reason: str, actor: Actor, now: datetime) -> Environment:
    """Let nobody connect the environment any more; sources that exist go on. Again changes nothing.

    Raises Problem 409 `not_production`, 422 `reason_missing`.
    """
    if not reason.strip():
        raise Problem(422, "reason_missing", "Write down why production is switched off: it goes into the audit log.")
    with transaction.atomic():
        current = _locked(environment)
        if current.enabled_at is None:
            return current
        current.enabled_at = None
        _save(current, "environment:disable", reason, actor, now)
    return current


def check_enabled(environment: Environment) -> None:
    """Refuse a new source of a production environment that has not gone live.

    Raises Problem 409 `production_not_enabled`.
    """
    if environment.kind == Environment.Kind.PRODUCTION and environment.enabled_at is None:
        raise Problem(
            409,
            "production_not_enabled",
            f"{environment.integration} has not gone live: until then only tenants of its test environment can be "
            "connected. A partner manager switches production on at the end of stage 4.",
        )


def _locked(environment: Environment) -> Environment:
    current = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    if current.kind != Environment.Kind.PRODUCTION:
        raise Problem(409, "not_production", "Only production goes live; a test environment is always open.")
    return current


def _save(environment: Environment, action: str, reason: str, actor: Actor, now: datetime) -> None:
    environment.save(update_fields=["enabled_at"])
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="environment",
        object_id=environment.public_id,
        after={"enabled_at": environment.enabled_at.isoformat() if environment.enabled_at else None, "reason": reason},
    )
