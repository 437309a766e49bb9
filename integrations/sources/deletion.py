"""Deletion: the intent to take an offer back, the call, and AWS's own word that it is gone."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.db import transaction

from integrations.aws import partner_sources
from integrations.sources.claims import lock_claimed
from integrations.sources.gate import set_gate
from integrations.sources.history import note_change
from integrations.sources.models import Desired, Lane, Observed, Source, SourceChange
from integrations.sources.observation import GONE, ask
from integrations.sources.row_locks import lock_source
from integrations.sources.setbacks import clear_failure, note_failure
from integrations.sources.timing import next_try
from tenants import audit
from tenants.audit import Actor

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
STILL_THERE = "AWS still lists the source after it was deleted. It is deleted again by itself."


def delete_source(*, source: Source, keep_queue: bool, actor: Actor, now: datetime) -> Source:
    """Want the source away: nothing more is sent, and it is deleted at AWS, which is verified.

    A kept queue waits, unsent, until the source is provisioned again or the hold limit is reached; without `keep_queue`
    what waits settles as dropped. Dead letters stay. Deleting a deleted source may still discard its queue.
    """
    with transaction.atomic():
        current = lock_source(source)
        if current.desired != Desired.ABSENT:
            _want_away(current, keep_queue, actor, now)
        elif keep_queue or current.lane.drops_since is not None:
            return current
        elif current.kept_since is not None:
            current.kept_since = None
            current.save(update_fields=["kept_since"])
        Lane.objects.filter(source=current).update(drops_since=None if keep_queue else ALWAYS)
        audit.record(
            actor=actor,
            action="source:delete",
            at=now,
            object_type="source",
            object_id=current.public_id,
            tenant=current.tenant,
            before={"name": current.name, "account": current.account, "region": current.region},
            after={"desired": Desired.ABSENT, "queue": "kept" if keep_queue else "discarded"},
        )
    return current


def _want_away(source: Source, keep_queue: bool, actor: Actor, now: datetime) -> None:
    before, source.desired = source.desired, Desired.ABSENT
    source.intent += 1  # the outcome of a call that is on its way is not ours any more
    source.suspect_since = source.opens_at = source.kept_replayed_at = None
    if not keep_queue:  # a kept queue includes what was sent while PENDING: AWS has delivered none of it
        source.kept_since = None
    clear_failure(source)
    source.due_at = now
    source.save()
    set_gate(source, source.environment)
    note = "What waits is kept." if keep_queue else "What waits is discarded."
    note_change(source, actor, now, field="desired", before=before, after=source.desired, note=note)


def withdraw(source: Source, clock: Callable[[], datetime]) -> None:
    """Delete the claimed source at AWS and commit what AWS says of it afterwards. Raises AwsError, LimitError."""
    if not _is_anothers(source):  # a name that was offered anew belongs to that offer
        partner_sources.delete(source.environment.publisher, source.region, source.name, str(source.account))
    asked_at = clock()
    state = None if _is_anothers(source) else ask(source).state
    with transaction.atomic():
        current = lock_claimed(source)
        if current is None:
            return
        if state in (Observed.PENDING, Observed.ACTIVE):
            current.tries += 1
            current.due_at = next_try(current.tries, clock())
            note_failure(current, "StillListed", STILL_THERE)
        else:
            _confirm(current, state or Observed.NONE, asked_at, clock())
        current.save()


def _confirm(source: Source, observed: Observed, asked_at: datetime, now: datetime) -> None:
    if source.observed != observed:
        SourceChange.objects.create(
            source=source,
            at=now,
            cause=SourceChange.Cause.AWS,
            field="observed",
            before=source.observed,
            after=observed,
            confirmed_at=source.observed_at,
            note="Deleted by us, and AWS has confirmed it.",
        )
    source.observed, source.observed_at, source.ended = observed, asked_at, GONE
    source.expires_at = source.due_at = None
    clear_failure(source)


def _is_anothers(source: Source) -> bool:
    same = Source.objects.filter(region=source.region, name=source.name, account=source.account)
    return same.exclude(desired=Desired.ABSENT).exclude(pk=source.pk).exists()
