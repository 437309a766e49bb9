"""Proving: automatic items are held against the facts, on demand and again and again by a sweep.

A proof that stops holding turns its item *lost*: the old evidence stays, the owner is told, and it comes back by itself
when the facts do.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from integrations.onboarding.models import ChecklistItem, Stage
from integrations.onboarding.proofs import LIVE, PROOFS, STORED, Finding, facts_of
from integrations.onboarding.proofs.finding import PROVER
from integrations.onboarding.stages import follow_items, locked_item, record_item
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.stopping import stop_requested
from tenants.audit import Actor

State = ChecklistItem.State

# What is still wanted is looked at more often than what holds; asking AWS leaves traces in the receiver's console.
WANTED, HELD = timedelta(minutes=1), timedelta(minutes=15)
WANTED_LIVE, HELD_LIVE = timedelta(minutes=30), timedelta(hours=12)
LIFE = timedelta(seconds=25)
ITEMS = 200

log = logging.getLogger(__name__)


def check_item(*, item: ChecklistItem, actor: Actor, clock: Callable[[], datetime]) -> ChecklistItem:
    """Look at the facts of an automatic item now and commit what they prove. Never inside a transaction.

    Raises Problem 409 `not_automatic` for an item that a person confirms.
    """
    proof = PROOFS.get(item.key)
    if item.proof != ChecklistItem.Proof.AUTOMATIC or proof is None:
        raise Problem(409, "not_automatic", f"“{item.title}” is confirmed by a person, who notes how it is known.")
    asked_at = clock()
    try:
        finding = proof(facts_of(item, asked_at))
    except OperationalError:  # a question that takes too long, or the database that goes away
        log.warning("a proof could not be looked at", extra={"item": item.key}, exc_info=True)
        finding = Finding(None, "The database took too long to answer. It is asked again by itself.")
    return record_finding(item=item, finding=finding, asked_at=asked_at, actor=actor)


def record_finding(*, item: ChecklistItem, finding: Finding, asked_at: datetime, actor: Actor) -> ChecklistItem:
    """Commit what a look at the facts of `asked_at` showed; a look older than the last one changes nothing."""
    with transaction.atomic():
        stage, current = locked_item(item)
        if current.checked_at is not None and asked_at < current.checked_at:
            return current
        current.checked_at = asked_at
        if finding.holds:
            _hold(stage, current, finding, asked_at, actor)
        elif finding.holds is False and current.state == State.DONE:
            _lose(stage, current, finding, asked_at, actor)
        else:
            current.missing = finding.says if current.state != State.DONE else ""
            current.save(update_fields=["checked_at", "missing"])
    return current


def sweep_proofs(*, clock: Callable[[], datetime]) -> bool:
    """Check what is due, for LIFE at most, and return whether more is due. Two sweeps at once share the work."""
    ends_at = clock() + LIFE
    for _ in range(ITEMS):
        item = _claim(clock()) if clock() < ends_at and not stop_requested.is_set() else None
        if item is None:
            break
        try:
            check_item(item=item, actor=PROVER, clock=clock)
        except Exception:  # one proof that breaks must not hold up the others; its claim brings it back
            log.exception("a proof failed", extra={"item": item.key})
    return due_items(clock()).exists()


def due_items(now: datetime) -> QuerySet[ChecklistItem]:
    """Return the automatic items whose next look is due, those never looked at first.

    What asks AWS waits until its stage is open: before that the answer is no, and every question leaves a trace.
    """
    automatic = ChecklistItem.objects.filter(
        proof=ChecklistItem.Proof.AUTOMATIC, stage__integration__profile__archived_at=None, key__in=list(PROOFS)
    )
    stored = Q(key__in=list(STORED)) & _older(now, WANTED, HELD)
    live = Q(key__in=list(LIVE), stage__opened_at__isnull=False) & _older(now, WANTED_LIVE, HELD_LIVE)
    return automatic.filter(stored | live).order_by("checked_at", "pk")


def _older(now: datetime, wanted: timedelta, held: timedelta) -> Q:
    long_ago = Q(checked_at=None) | Q(checked_at__gt=now + held)  # by a clock that has been set back since
    return (
        long_ago
        | Q(state=State.DONE, checked_at__lt=now - held)
        | ~Q(state=State.DONE) & Q(checked_at__lt=now - wanted)
    )


def _claim(now: datetime) -> ChecklistItem | None:
    with transaction.atomic():
        item = due_items(now).select_for_update(skip_locked=True, of=("self",)).first()
        if item is not None:
            # A moment before the look itself, which would else count as the older of two.
            item.checked_at = now - timedelta(milliseconds=1)
            item.save(update_fields=["checked_at"])
    return item


def _hold(stage: Stage, item: ChecklistItem, finding: Finding, now: datetime, actor: Actor) -> None:
    before = item.state
    item.missing = ""
    if before == State.DONE:
        if item.evidence != finding.evidence and item.key in LIVE:
            item.evidence = finding.evidence
        item.save(update_fields=["checked_at", "missing", "evidence"])
        return
    item.state, item.done_at, item.done_by, item.lost_at = State.DONE, now, None, None
    item.evidence, item.version = finding.evidence, item.version + 1
    item.save()
    follow_items(stage, now, actor)
    title = f"Holds again: {item.title}" if before == State.LOST else f"Proven: {item.title}"
    tell(
        integration=stage.integration, kind=Kind.PROVEN, title=title, text=finding.says, actor=actor, now=now, item=item
    )
    record_item(
        "checklist_item:complete", item, actor, now, before={"state": before}, after={"evidence": finding.evidence}
    )


def _lose(stage: Stage, item: ChecklistItem, finding: Finding, now: datetime, actor: Actor) -> None:
    item.state, item.lost_at, item.missing = State.LOST, now, finding.says
    item.version += 1
    item.save()
    follow_items(stage, now, actor)
    title = f"No longer holds: {item.title}"
    tell(integration=stage.integration, kind=Kind.LOST, title=title, text=finding.says, actor=actor, now=now, item=item)
    record_item(
        "checklist_item:lose",
        item,
        actor,
        now,
        before={"state": State.DONE, "evidence": item.evidence},
        after={"missing": finding.says},
    )
