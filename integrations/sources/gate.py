"""The gate: whether a source's lane may be published, decided in one place and written in one place."""

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

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


def drops(*, desired: str, observed: str, policy: str) -> bool:
    """Return whether what is stored for a source of this state is dropped and not held."""
    waits_for_its_tenant = desired == Desired.PRESENT and observed == Observed.PENDING
    return waits_for_its_tenant and policy == Environment.GatePolicy.DROP


def set_gate(source: Source, environment: Environment) -> None:
    """Write the source's lane from its state, and tell the publishers when that opens it.

    Belongs into the transaction that changed one of the inputs, which must hold the source's row lock.
    """
    policy = _policy_of(environment)
    publishable = is_open(
        desired=source.desired,
        observed=source.observed,
        policy=policy,
        suspect=source.suspect_since is not None,
        opening=source.opens_at is not None,
    )
    changed = Lane.objects.filter(source=source, publishable=not publishable).update(publishable=publishable)
    if changed and publishable:
        announce_opening(str(source.pk))
    if source.desired != Desired.ABSENT:  # what becomes of its queue was decided when it was deleted
        _set_dropping(source, drops(desired=source.desired, observed=source.observed, policy=policy))
    if publishable and source.observed == Observed.PENDING:
        _owe_a_replay(source)


def _policy_of(environment: Environment) -> str:
    """Return the policy as it is now. The lock makes a change of it wait for this transaction, and see what it did."""
    with connection.cursor() as cursor:
        cursor.execute("select gate_policy from registration_environment where id = %s for share", [environment.pk])
        (policy,) = cursor.fetchone()
        return str(policy)


def _set_dropping(source: Source, dropping: bool) -> None:
    """What was held before dropping began stays held: only deliveries of events stored from now on are dropped."""
    lane = Lane.objects.filter(source=source, drops_since__isnull=dropping)
    lane.update(drops_since=Now() if dropping else None)


def _owe_a_replay(source: Source) -> None:
    """Remember since when events are sent that AWS will not deliver: they are replayed once it is ACTIVE."""
    if source.kept_since is None or source.kept_replayed_at is not None:
        source.kept_since, source.kept_replayed_at = source.kept_since or timezone.now(), None
        source.save(update_fields=["kept_since", "kept_replayed_at"])


def announce_opening(what: str) -> None:
    """Notify GATE_CHANNEL, at the commit, that held deliveries may flow: of the source `what`, or if empty of any."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [GATE_CHANNEL, what])
