"""The gate: whether a source's lane may be published, decided in one place and written in one place."""

from django.db import connection

from integrations.registration.models import Environment
from integrations.sources.models import Desired, Lane, Observed, Source

GATE_CHANNEL = "partnerbus_gate"


def is_open(*, desired: str, observed: str, policy: str, suspect: bool = False, opening: bool = False) -> bool:
    """Return whether a source of this state may be published under the environment's gate policy."""
    if suspect or opening or desired != Desired.PRESENT:
        return False
    if observed == Observed.PENDING:
        return policy == Environment.GatePolicy.SEND_AND_KEEP
    return observed == Observed.ACTIVE


def set_gate(source: Source, environment: Environment) -> None:
    """Write the source's lane from its state, and tell the publishers when that opens it.

    Belongs into the transaction that changed one of the inputs, which must hold the source's row lock.
    """
    publishable = is_open(
        desired=source.desired,
        observed=source.observed,
        policy=environment.gate_policy,
        suspect=source.suspect_since is not None,
        opening=source.opens_at is not None,
    )
    changed = Lane.objects.filter(source=source, publishable=not publishable).update(publishable=publishable)
    if changed and publishable:
        announce_opening(str(source.pk))


def announce_opening(what: str) -> None:
    """Notify GATE_CHANNEL, at the commit, that held deliveries may flow: of the source `what`, or if empty of any."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [GATE_CHANNEL, what])
