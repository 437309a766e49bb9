"""Proofs from the history of sources: gone, expired, deleted and made again."""

from datetime import timedelta

from django.db.models import QuerySet

from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds, moment
from integrations.sources.models import Desired, Observed, Source, SourceChange

LOOKED_AT_WITHIN = timedelta(minutes=10)
NOTICED_WITHIN = timedelta(days=1)
GONE = (Observed.NONE, Observed.DELETED)


def changes_of(facts: Facts) -> QuerySet[SourceChange]:
    """Return what happened to the test environment's sources, newest first."""
    changes = SourceChange.objects.filter(source__environment=facts.test, source__account__isnull=False)
    return changes.select_related("source").order_by("-at", "-pk")


def gone_handled(facts: Facts) -> Finding:
    """A source that vanished at AWS was noticed, and none under suspicion waits to be looked at."""
    forgotten = Source.objects.filter(environment=facts.test, suspect_since__lt=facts.now - LOOKED_AT_WITHIN).first()
    if forgotten is not None:
        return fails(f"{forgotten.name} was refused as if it were gone, and AWS has not been asked since.")
    change = changes_of(facts).filter(field="observed", after__in=GONE).first()
    if change is None:
        return fails("No source has gone yet: delete one at AWS and see what happens.")
    return holds(
        f"{change.source.name} went from {change.before} to {change.after} and was marked.", **_evidence(change)
    )


def deletion_seen(facts: Facts) -> Finding:
    """What we deleted AWS does not have any more."""
    stuck = Source.objects.filter(
        environment=facts.test, desired=Desired.ABSENT, failure_final=True, provisioned_at__isnull=False
    ).first()
    if stuck is not None:
        return fails(f"AWS refused to delete {stuck.name}: {stuck.failure_message or stuck.failure_code}")
    change = changes_of(facts).filter(field="desired", after=Desired.ABSENT).exclude(source__arn="").first()
    if change is None:
        return fails("No source has been deleted yet.")
    return holds(f"{change.source.name} was deleted.", **_evidence(change))


def recreation_reattaches(facts: Facts) -> Finding:
    """The source that was last made again became ACTIVE again, and has not ended against our will since."""
    again = changes_of(facts).filter(field="state").first()
    if again is None:
        return fails("No source has been made again yet.")
    over = bool(again.source.ended or again.source.failure_final)
    active = changes_of(facts).filter(source=again.source, field="observed", after=Observed.ACTIVE, at__gt=again.at)
    attached = active.first()
    if attached is None and over:
        return fails(f"{again.source.name} was made again and ended before anybody attached it.")
    if attached is None:
        return fails(f"{again.source.name} was made again and waits to be attached in the receiver account.")
    if over and again.source.desired != Desired.ABSENT:  # what we deleted ourselves has shown it before
        return fails(f"{again.source.name} was made again and attached again, and has ended since.")
    return holds(
        f"{again.source.name} was made again and attached again.", made_again_at=moment(again.at), **_evidence(attached)
    )


def expiry_handled(facts: Facts) -> Finding:
    """An offer that AWS let expire was noticed, and none lies unnoticed."""
    overlooked = (
        Source.objects.filter(
            environment=facts.test, observed=Observed.PENDING, expires_at__lt=facts.now - NOTICED_WITHIN
        )
        .exclude(desired=Desired.ABSENT)
        .first()
    )
    if overlooked is not None:
        return fails(f"{overlooked.name} should have expired a day ago and still counts as PENDING: check it now.")
    change = changes_of(facts).filter(field="observed", cause=SourceChange.Cause.EXPIRY).first()
    if change is None:
        return fails("No offer has expired yet. It takes AWS about a week: begin the rehearsal early.")
    return holds(f"The offer of {change.source.name} expired and was noticed.", **_evidence(change))


def _evidence(change: SourceChange) -> dict[str, str | None]:
    return {
        "source": change.source.name,
        "region": change.source.region,
        "account": change.source.account,
        "before": change.before,
        "after": change.after,
        "at": moment(change.at),
    }


PROOFS = {
    "gone-handled": gone_handled,
    "deletion-seen": deletion_seen,
    "recreation-reattaches": recreation_reattaches,
    "expiry-handled": expiry_handled,
}
