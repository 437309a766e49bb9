"""The tenant on which an environment is validated: our own, so that no customer is touched."""

from datetime import datetime

from integrations.registration.models import Environment
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import Tenant

EXTERNAL_ID, NAME = "partnerbus-validation", "Partnerbus validation"


def validation_tenant(*, environment: Environment, actor: Actor, now: datetime) -> Tenant:
    """Return the environment's validation tenant, which is made at its first use."""
    return put_tenant(directory=environment.directory, external_id=EXTERNAL_ID, name=NAME, actor=actor, now=now)[0]
