"""The gate policy of an environment: what becomes of events while AWS says PENDING."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.environments import locked_environment
from integrations.registration.models import Environment
from integrations.sources.gate import set_gate
from integrations.sources.models import Desired, Observed, Source
from tenants import audit
from tenants.audit import Actor


def set_gate_policy(*, environment: Environment, policy: str, actor: Actor, now: datetime) -> Environment:
    """Hold, send and keep, or drop from now on; the gates of all its sources follow in the same transaction.

    What is held stays held when a policy begins to drop. Setting what is set already changes nothing. Raises Problem
    422 `gate_policy_unknown`.
    """
    if policy not in Environment.GatePolicy.values:
        raise Problem(
            422, "gate_policy_unknown", f"A gate policy is one of {', '.join(Environment.GatePolicy.values)}."
        )
    with transaction.atomic():
        current, locked = locked_with_sources(environment)
        before = current.gate_policy
        if before == policy:
            return current
        current.gate_policy = policy
        current.save(update_fields=["gate_policy"])
        for source in locked:
            if source.observed == Observed.PENDING:
                set_gate(source, current)
        audit.record(
            actor=actor,
            action="environment:set_gate_policy",
            at=now,
            object_type="environment",
            object_id=current.public_id,
            before={"gate_policy": before},
            after={"gate_policy": policy},
        )
    return current


def locked_with_sources(environment: Environment) -> tuple[Environment, list[Source]]:
    """Return the environment and its sources as they are now, locked until the end of the transaction."""
    # In the order of everybody who sets a gate: sources first, then the environment.
    sources = Source.objects.filter(environment=environment, account__isnull=False).exclude(desired=Desired.ABSENT)
    locked = list(sources.select_for_update(no_key=True).order_by("pk"))
    return locked_environment(environment), locked


def pending_sources(environment: Environment) -> int:
    """Return how many sources a change of the policy concerns at this moment."""
    waiting = Source.objects.filter(environment=environment, desired=Desired.PRESENT, observed=Observed.PENDING)
    return waiting.count()
