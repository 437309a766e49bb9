"""Hand-off links: whoever runs the tenant's AWS account sees one source and what to do, without signing in."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from integrations.problems import Problem
from integrations.sources.models import Desired, HandOffLink, Source
from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry
from tenants.tokens import hash_of, new_token

MOST_OPEN = 20  # for each source
KEPT = timedelta(days=90)  # rows of what is over go with the source's next link; the audit log keeps what happened


def create_link(*, source: Source, actor: Actor, now: datetime) -> tuple[HandOffLink, str]:
    """Make a link that opens for HAND_OFF_DAYS; return its row with the token, which cannot be read again.

    Raises Problem 409 `source_not_offered`, `tenant_closed`, `too_many_links`.
    """
    token = new_token()
    with transaction.atomic():
        current = Source.objects.select_for_update(no_key=True, of=("self",)).select_related("tenant").get(pk=source.pk)
        _check(current, now)
        HandOffLink.objects.filter(source=current, expires_at__lt=now - KEPT).delete()
        link = HandOffLink.objects.create(
            source=current,
            token_hash=hash_of(token),
            created_by=actor.label[:200],
            created_at=now,
            expires_at=now + timedelta(days=settings.HAND_OFF_DAYS),
        )
        _record(link, "hand_off_link:create", actor, now, after={"expires_at": link.expires_at.isoformat()})
    return link, token


def revoke_link(*, link: HandOffLink, actor: Actor, now: datetime) -> None:
    """Make a link worthless at once. Revoking it again changes nothing."""
    with transaction.atomic():
        if HandOffLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now):
            _record(link, "hand_off_link:revoke", actor, now)


def open_links(source: Source, *, now: datetime) -> QuerySet[HandOffLink]:
    """Return the source's links that still open, newest first."""
    return HandOffLink.objects.filter(source=source, revoked_at=None, expires_at__gt=now).order_by("-created_at", "-pk")


def link_of(source: Source, public_id: UUID) -> HandOffLink | None:
    """Return a link of this source, open or over, or None."""
    return HandOffLink.objects.select_related("source__tenant").filter(source=source, public_id=public_id).first()


def link_behind(token: str) -> HandOffLink | None:
    """Return the link of a token with what its page needs, expired or not, or None: forged, revoked or withdrawn."""
    found = HandOffLink.objects.filter(token_hash=hash_of(token), revoked_at=None, source__tenant__closed_at=None)
    return (
        found.exclude(source__desired=Desired.ABSENT)
        .select_related("source__tenant", "source__environment__integration")
        .first()
    )


def note_opened(*, link: HandOffLink, now: datetime) -> None:
    """Write down that a link was opened for the first time; afterwards this changes nothing."""
    if link.opened_at is not None:
        return
    with transaction.atomic():
        if HandOffLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=now):
            somebody = Actor(
                AuditEntry.ActorKind.PERSON, f"somebody with the link of {link.created_by}", link.public_id
            )
            _record(link, "hand_off_link:open", somebody, now)


def _check(source: Source, now: datetime) -> None:
    if source.tenant.closed_at is not None:
        raise Problem(409, "tenant_closed", "This tenant is closed; put it again to get a new one.")
    if source.account is None or source.desired == Desired.ABSENT:
        raise Problem(409, "source_not_offered", "This source is offered to nobody. Offer it first, then hand it over.")
    if open_links(source, now=now).count() >= MOST_OPEN:
        raise Problem(
            409, "too_many_links", f"{MOST_OPEN} links to this source are open. Revoke those that nobody needs."
        )


def _record(link: HandOffLink, action: str, actor: Actor, now: datetime, after: dict[str, str] | None = None) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="hand_off_link",
        object_id=link.public_id,
        tenant=link.source.tenant,
        after={"source": link.source.name, **(after or {})},
    )
