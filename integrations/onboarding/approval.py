"""AWS's approval: the day, the namespace that it granted, and how we know."""

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from integrations.onboarding.models import ChecklistItem
from integrations.onboarding.stages import complete_item
from integrations.problems import Problem
from integrations.registration.environments import settings_of
from integrations.registration.models import Environment, Integration
from integrations.sources.environment_changes import change_environment
from tenants.audit import Actor

ITEM = "approval-received"


def record_approval(
    *, integration: Integration, namespace: str, approved_on: date, note: str, actor: Actor, now: datetime
) -> ChecklistItem:
    """Write down that AWS enabled the test namespace, under the name that it granted. Probing then confirms it.

    Where AWS granted another name than the registered one, the environment takes it over; with sources it cannot.
    Raises LimitError, Problem 422 `approval_invalid`, 409 `environment_in_use` or `namespace_taken`.
    """
    if approved_on > now.date():
        raise Problem(422, "approval_invalid", "The approval cannot have come on a day that is still to come.")
    environment = integration.environments.filter(kind=Environment.Kind.TEST).first()
    if environment is None:
        raise Problem(409, "approval_invalid", "Register the test environment first.")
    with transaction.atomic():
        if namespace != environment.namespace:
            granted = replace(settings_of(environment), namespace=namespace)
            change_environment(environment=environment, settings=granted, actor=actor, now=now)
        return complete_item(
            item=ChecklistItem.objects.get(stage__integration=integration, key=ITEM),
            note=note.strip() or f"Approved on {approved_on:%d %B %Y}.",
            evidence={"says": f"Granted: {namespace}.", "namespace": namespace, "approved_on": approved_on.isoformat()},
            actor=actor,
            now=now,
        )
