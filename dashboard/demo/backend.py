"""The backend that the demo's events would come from: its key, which is in use while they come."""

from datetime import datetime

from integrations.registration.keys import issue_key
from integrations.registration.models import ApiKey, Environment
from tenants.audit import Actor

NAME = "demo backend"


def hold_key(environment: Environment, *, actor: Actor, now: datetime) -> None:
    """Give the backend its key, whose secret nobody keeps: the demo stores its events without HTTP."""
    if not ApiKey.objects.filter(environment=environment, name=NAME).exists():
        issue_key(environment=environment, name=NAME, scopes=["events:write"], actor=actor, now=now)


def note_use(environment: Environment, now: datetime) -> None:
    """Note that events came by it, as a request with the key would."""
    ApiKey.objects.filter(environment=environment, name=NAME).update(last_used_at=now)
