"""What people decide about a drift: told first what will happen, then written down, then carried out by a worker."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from integrations.aws import partner_sources
from integrations.aws.errors import AwsError, SourceNotFound
from integrations.problems import Problem
from integrations.reconciliation.drifts import resolve
from integrations.reconciliation.models import Drift
from integrations.sources.budget import Place
from integrations.sources.deletion import delete_source
from integrations.sources.models import Desired, Source
from integrations.sources.renewal import is_over, reprovision
from integrations.sources.timing import next_try
from tenants import audit
from tenants.audit import Actor

CLAIM = timedelta(minutes=1)
SYSTEM = Actor.system("drift")

# What can be done about which, in the order in which it is offered. An orphan is adopted as a file of one line is.
ACTIONS: dict[str, tuple[str, ...]] = {
    Drift.Kind.ORPHAN: ("adopt", "delete"),
    Drift.Kind.GHOST: ("recreate", "delete"),
    Drift.Kind.FOREIGN: ("recreate", "delete"),
}


def preview(drift: Drift, action: str) -> str:
    """Return what the action will do, in a sentence. Raises Problem 409 `drift_action_unfit`, `drift_resolved`."""
    _check(drift, action)
    accounts = " and ".join(grouped(account) for account in drift.accounts)
    ours = grouped(str(drift.source.account)) if drift.source else ""
    sentences: dict[tuple[str, str], str] = {
        ("orphan", "adopt"): f"The tenant that you name takes over {drift.name}, as AWS offers it to {accounts}. "
        "Nothing changes at AWS; its state is watched from then on, and new events of the tenant go to it.",
        (
            "orphan",
            "delete",
        ): f"AWS is told to take {drift.name} back from {accounts}. Their bus and rules stay and get "
        "nothing any more. This cannot be undone.",
        ("ghost", "recreate"): f"{drift.name} is offered to {ours} again, with its history and what it holds. It stays "
        "PENDING until the tenant accepts it.",
        ("ghost", "delete"): "The source is deleted here. What it holds is kept, unsent; AWS has nothing to delete.",
        ("foreign", "recreate"): f"AWS is told to take {drift.name} back from {accounts}, and it is offered to {ours} "
        "then. Until the tenant accepts it, its events are held.",
        ("foreign", "delete"): f"AWS is told to take {drift.name} back from {accounts}. Our own source stays as it is, "
        "without an offer at AWS.",
    }
    return sentences[drift.kind, action]


def decide(*, drift: Drift, action: str, actor: Actor, now: datetime) -> Drift:
    """Have a drift deleted or recreated. Deciding twice changes nothing. Raises Problem as `preview` does."""
    with transaction.atomic():
        current = Drift.objects.select_for_update(no_key=True, of=("self",)).select_related("source").get(pk=drift.pk)
        if action == "adopt":
            raise Problem(409, "drift_action_unfit", "An orphan is adopted by a file that names its tenant.")
        _check(current, action)
        if current.wanted == action:
            return current
        if current.accounts != drift.accounts:
            raise Problem(409, "drift_changed", "AWS says something else by now. Look at it again.")
        current.wanted, current.due_at, current.tries, current.failure = action, now, 0, ""
        current.save(update_fields=["wanted", "due_at", "tries", "failure"])
        audit.record(
            actor=actor,
            action=f"drift:{action}",
            at=now,
            object_type="drift",
            object_id=current.public_id,
            tenant=current.source.tenant if current.source else None,
            before={"kind": current.kind, "name": current.name, "region": current.region},
            after={"accounts": current.accounts, "will": preview(current, action)},
        )
    return current


def claim_drift(now: datetime) -> Drift | None:
    """Claim the next decision that is due for a minute."""
    with transaction.atomic():
        due = Drift.objects.filter(due_at__lte=now, resolved_at=None).order_by("due_at")
        due = due.select_related("environment", "source__environment", "source__tenant")
        drift = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
        if drift is not None:
            drift.due_at = now + CLAIM
            drift.save(update_fields=["due_at"])
    return drift


def place_of(drift: Drift) -> Place:
    """Return what its calls are counted by."""
    return Place(drift.environment.publisher_account, drift.region)


def carry_out(drift: Drift, clock: Callable[[], datetime]) -> None:
    """Do what was decided about a claimed drift, as far as one call to AWS goes. Safe to do twice."""
    try:
        if drift.kind == Drift.Kind.GHOST:
            _settle_ghost(drift, clock())
        else:
            _take_back(drift, clock)
    except (AwsError, Problem) as error:
        drift.tries = min(drift.tries + 1, 1_000)
        said = error.sentence if isinstance(error, AwsError) else error.detail
        Drift.objects.filter(pk=drift.pk).update(tries=drift.tries, failure=said, due_at=next_try(drift.tries, clock()))


def _settle_ghost(drift: Drift, now: datetime) -> None:
    assert drift.source is not None
    with transaction.atomic():
        if drift.wanted == Drift.Wanted.RECREATE:
            reprovision(source=drift.source, actor=SYSTEM, now=now, note="Decided about a drift.")
        else:
            delete_source(source=drift.source, keep_queue=True, actor=SYSTEM, now=now)
        resolve(drift, f"{drift.wanted}d", now)


def _take_back(drift: Drift, clock: Callable[[], datetime]) -> None:
    """Delete the offers that somebody has seen, and none that has become ours meanwhile."""
    publisher = drift.environment.publisher
    for account in drift.accounts:
        if not _is_ours(drift, account):
            partner_sources.delete(publisher, drift.region, drift.name, account)
    try:
        rows = partner_sources.accounts_of(publisher, drift.region, drift.name)
    except SourceNotFound:
        rows = []
    if any(row.account in drift.accounts and row.state != "DELETED" for row in rows):
        raise Problem(409, "still_listed", "AWS still lists the offer after it was deleted. It is deleted again.")
    now = clock()
    with transaction.atomic():
        if drift.wanted == Drift.Wanted.RECREATE and drift.source is not None and is_over(drift.source):
            reprovision(source=drift.source, actor=SYSTEM, now=now, note="Its name was offered to another account.")
        resolve(drift, f"{drift.wanted}d", now)


def _is_ours(drift: Drift, account: str) -> bool:
    mine = Source.objects.filter(region=drift.region, name=drift.name, account=account)
    return mine.exclude(desired=Desired.ABSENT).exists()


def _check(drift: Drift, action: str) -> None:
    if drift.resolved_at is not None:
        raise Problem(409, "drift_resolved", "This drift is resolved already.")
    if action not in ACTIONS[drift.kind]:
        raise Problem(409, "drift_action_unfit", f"What is {drift.kind} cannot be taken care of by {action}.")


def grouped(account: str) -> str:
    """Return an account id as people compare it: 1234-5678-9012."""
    return "-".join(account[start : start + 4] for start in (0, 4, 8))
