"""Portal sessions: the SaaS's own pages send a person into the portal by a link that opens once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry, Membership, PortalSession, Tenant
from tenants.refusals import Refusal
from tenants.tokens import hash_of, new_token

LINK_LIFE = timedelta(minutes=5)
SESSION_LIFE = timedelta(hours=1)
KEPT = timedelta(days=30)  # rows of what is over go with the tenant's next link; the audit log keeps what happened
NAME_LENGTH = 200


def issue_link(
    *, tenant: Tenant, role: str, email: str = "", name: str = "", actor: Actor, now: datetime
) -> tuple[PortalSession, str]:
    """Make a link into the tenant's portal and return its row with the token, which cannot be read again.

    It opens once within LINK_LIFE. E-mail and name only say who acts: they make nobody a member.
    Raises Refusal `portal_session_invalid`.
    """
    _check(role, email, name)
    token = new_token()
    with transaction.atomic():
        PortalSession.objects.filter(tenant=tenant, created_at__lt=now - KEPT).delete()
        session = PortalSession.objects.create(
            tenant=tenant,
            role=role,
            email=email,
            name=name,
            link_hash=hash_of(token),
            created_by=actor.label[:200],
            created_at=now,
            link_expires_at=now + LINK_LIFE,
        )
        _record(session, "portal_session:issue", actor, now, {"role": role, "email": email, "name": name})
    return session, token


def open_link(*, token: str, now: datetime) -> tuple[PortalSession, str] | None:
    """Exchange a link's token for a session; return it with the cookie's secret, or None for a link that opens nothing.

    Of two who come with the same link at once only one gets in: the row is taken by one conditional update.
    """
    secret = new_token()
    with transaction.atomic():
        # Conditions on the row itself: with a join Django updates what a subquery found, and PostgreSQL does not ask a
        # subquery again after waiting for whoever took the row first.
        waiting = PortalSession.objects.filter(
            link_hash=hash_of(token),
            opened_at=None,
            ended_at=None,
            link_expires_at__gt=now,
            tenant__in=Tenant.objects.filter(closed_at=None),
        )
        taken = waiting.update(opened_at=now, cookie_hash=hash_of(secret), expires_at=now + SESSION_LIFE)
        if not taken:
            return None
        session = PortalSession.objects.select_related("tenant").get(link_hash=hash_of(token))
        _record(session, "portal_session:open", actor_of(session), now)
    return session, secret


def session_behind(secret: str, *, now: datetime, related: Sequence[str] = ()) -> PortalSession | None:
    """Return the session of a cookie while it lasts, with its tenant and what is `related` to that."""
    wanted = ["tenant", *(f"tenant__{name}" for name in related)]
    return _open(now).filter(cookie_hash=hash_of(secret)).select_related(*wanted).first()


def sessions_of(tenant: Tenant, *, now: datetime) -> QuerySet[PortalSession]:
    """Return the tenant's visits that are going on and the links that can still be opened, newest first."""
    unopened = Q(opened_at=None, ended_at=None, link_expires_at__gt=now)
    return PortalSession.objects.filter(unopened | Q(ended_at=None, expires_at__gt=now), tenant=tenant).order_by(
        "-created_at", "-pk"
    )


def end_session(*, session: PortalSession, actor: Actor, now: datetime) -> None:
    """End a session, or make its link worthless. Ending it again changes nothing."""
    with transaction.atomic():
        if PortalSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=now):
            _record(session, "portal_session:end", actor, now)


def actor_of(session: PortalSession) -> Actor:
    """Return who acts in a session: a person, named as the SaaS named them."""
    who = session.email or session.name or "somebody"
    return Actor(AuditEntry.ActorKind.PERSON, f"{who} (from {session.created_by})", session.public_id)


def _open(now: datetime) -> QuerySet[PortalSession]:
    return PortalSession.objects.filter(ended_at=None, expires_at__gt=now, tenant__closed_at=None)


def _check(role: str, email: str, name: str) -> None:
    if role not in Membership.Role.values:
        raise Refusal("portal_session_invalid", f"A role is one of {', '.join(Membership.Role.values)}.")
    if len(name) > NAME_LENGTH or not (name.isprintable() and "\x00" not in name):
        raise Refusal("portal_session_invalid", f"A name has up to {NAME_LENGTH} printable characters.")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Refusal("portal_session_invalid", f"{email!r} is not an e-mail address.") from None


def _record(
    session: PortalSession, action: str, actor: Actor, now: datetime, after: dict[str, str] | None = None
) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="portal_session",
        object_id=session.public_id,
        tenant=session.tenant,
        after=after,
    )
