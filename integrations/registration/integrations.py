"""Registering an integration and its two environments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from integrations.aws import names
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from tenants import audit
from tenants.audit import Actor
from tenants.models import Directory

# AWS wants to see a test environment's events sent before anybody has accepted; what it drops then is kept here.
BEGINS_WITH = {"test": Environment.GatePolicy.SEND_AND_KEEP, "production": Environment.GatePolicy.HOLD}


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """What a provider registers with AWS for one environment. Without a gate policy it begins with its kind's.

    Raises LimitError where AWS would refuse it.
    """

    kind: Literal["test", "production"]
    namespace: str
    publisher_account: str
    regions: Sequence[str]
    role_arn: str = ""
    external_id: str = ""
    receiver_accounts: Sequence[str] = ()
    enabled: bool = False  # production only: open to tenants at once, without going live by stage 4
    gate_policy: str = ""

    def check(self) -> None:
        names.check_namespace(self.namespace, self.kind)
        names.check_account(self.publisher_account)
        for account in self.receiver_accounts:
            names.check_account(account)
        for region in self.regions:
            names.check_region(region)


def create_integration(
    *, slug: str, name: str, environments: Sequence[EnvironmentSettings], actor: Actor, now: datetime
) -> Integration:
    """Create an integration with its environments.

    Raises LimitError for a namespace, account or region that AWS would refuse, and Problem `integration_exists`
    when the slug or a namespace is taken.
    """
    for settings in environments:
        settings.check()
    with transaction.atomic():
        if Integration.objects.filter(slug=slug).exists():
            raise Problem(409, "integration_exists", f"There is an integration called {slug!r} already.")
        integration = Integration.objects.create(slug=slug, name=name)
        for settings in environments:
            create_environment(integration, settings, now)
        audit.record(
            actor=actor,
            action="integration:create",
            at=now,
            object_type="integration",
            object_id=integration.public_id,
            after={"slug": slug, "namespaces": [settings.namespace for settings in environments]},
        )
    return integration


def create_environment(integration: Integration, settings: EnvironmentSettings, now: datetime) -> Environment:
    """Write an environment with a directory of its own. Raises Problem 409 `namespace_taken`."""
    if Environment.objects.filter(namespace=settings.namespace).exists():
        raise Problem(
            409, "namespace_taken", f"The namespace {settings.namespace} belongs to another environment already."
        )
    return Environment.objects.create(
        integration=integration,
        directory=Directory.objects.create(name=f"{integration.name} ({settings.kind})"),
        kind=settings.kind,
        namespace=settings.namespace,
        publisher_account=settings.publisher_account,
        role_arn=settings.role_arn,
        external_id=settings.external_id,
        receiver_accounts=list(settings.receiver_accounts),
        regions=list(settings.regions),
        gate_policy=settings.gate_policy or BEGINS_WITH[settings.kind],
        enabled_at=now if settings.enabled and settings.kind == "production" else None,
    )
