"""How long an environment keeps and holds events, and what follows when an offer expires."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.environments import locked_environment
from integrations.registration.models import Environment
from tenants import audit
from tenants.audit import Actor

LONGEST_RETENTION_DAYS = 3_650
LONGEST_HOLD_DAYS = 365
MOST_RENEWALS = 100


def set_policies(
    *,
    environment: Environment,
    retention_days: int | None = None,
    hold_limit_days: int | None = None,
    expiry_renewals: int | None = None,
    actor: Actor,
    now: datetime,
) -> Environment:
    """Change what is given and return the environment as it is now. Setting what is set already changes nothing.

    `expiry_renewals` is how often an expired offer is made again by itself; with 0 people are asked.
    Raises Problem `policy_out_of_bounds`.
    """
    _check("retention", retention_days, LONGEST_RETENTION_DAYS)
    _check("hold limit", hold_limit_days, LONGEST_HOLD_DAYS)
    if expiry_renewals is not None and not 0 <= expiry_renewals <= MOST_RENEWALS:
        detail = f"An expired source is offered again by itself 0 to {MOST_RENEWALS} times, not {expiry_renewals}."
        raise Problem(422, "policy_out_of_bounds", detail)
    wanted = {
        "retention_days": retention_days,
        "hold_limit_days": hold_limit_days,
        "expiry_renewals": expiry_renewals,
    }
    with transaction.atomic():
        current = locked_environment(environment)
        before = {name: getattr(current, name) for name in wanted}
        after = {name: value for name, value in wanted.items() if value is not None and value != before[name]}
        if after:
            for name, value in after.items():
                setattr(current, name, value)
            current.save(update_fields=list(after))
            audit.record(
                actor=actor,
                action="environment:set_policies",
                at=now,
                object_type="environment",
                object_id=current.public_id,
                before={name: before[name] for name in after},
                after=after,
            )
    return current


def _check(what: str, days: int | None, longest: int) -> None:
    if days is not None and not 1 <= days <= longest:
        raise Problem(422, "policy_out_of_bounds", f"A {what} is 1 to {longest} whole days, not {days}.")
