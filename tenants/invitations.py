"""Invitations: how somebody becomes a member. The link is mailed, lasts a week, and fits one e-mail address."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from tenants import audit
from tenants.audit import Actor
from tenants.members import lock_members
from tenants.models import Invitation, Membership, Tenant, User
from tenants.people import create_person
from tenants.refusals import Refusal
from tenants.tokens import hash_of, new_token

LIFE = timedelta(days=7)
MOST_OPEN = 50
MOST_A_DAY = 200  # withdrawn ones count: each has mailed somebody
AGAIN_AFTER = timedelta(minutes=1)
EMAIL_LENGTH = 254


def invite(*, tenant: Tenant, email: str, role: str, actor: Actor, now: datetime) -> tuple[Invitation, str]:
    """Invite an address and return the invitation with its token, which cannot be read again.

    Raises Refusal `email_invalid`, `role_unknown`, `tenant_closed`, `member_already`, `invited_already`,
    `too_many_invitations`.
    """
    email = email.strip()
    _check(email, role)
    token = new_token()
    with transaction.atomic():
        locked = lock_members(tenant.pk)
        _check_place(locked, email)
        _check_day(locked, now)
        invitation = Invitation.objects.create(
            tenant=locked,
            email=email,
            role=role,
            token_hash=hash_of(token),
            invited_by=actor.label[:200],
            created_at=now,
            expires_at=now + LIFE,
        )
        _record(invitation, "invitation:create", actor, now, after={"email": email, "role": role})
    return invitation, token


def renew_invitation(*, invitation: Invitation, actor: Actor, now: datetime) -> tuple[Invitation, str]:
    """Give an invitation a new link that lasts a week again; the old one ends.

    Raises Refusal `invitation_over`, `invitation_too_soon`.
    """
    token = new_token()
    with transaction.atomic():
        current = _locked(invitation)
        if current.sent_at is not None and now - current.sent_at < AGAIN_AFTER:
            raise Refusal(
                "invitation_too_soon", _("It was sent less than a minute ago. Wait a minute, then send it again.")
            )
        current.token_hash, current.expires_at, current.sent_at = hash_of(token), now + LIFE, None
        current.save(update_fields=["token_hash", "expires_at", "sent_at"])
        _record(current, "invitation:renew", actor, now)
    return current, token


def note_sent(*, invitation: Invitation, now: datetime) -> None:
    """Note that the mail with the newest link was handed over."""
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=now)


def revoke_invitation(*, invitation: Invitation, actor: Actor, now: datetime) -> None:
    """Make an invitation worthless. Revoking it again changes nothing."""
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=now):
            _record(invitation, "invitation:revoke", actor, now)


def accept(*, invitation: Invitation, person: User, now: datetime) -> Membership:
    """Make the invited person a member. Raises Refusal `invitation_over`, `email_differs`."""
    if person.email.casefold() != invitation.email.casefold():
        raise Refusal(
            "email_differs",
            _(
                "This invitation is for %(invited)s, and you are signed in as %(email)s. "
                "Sign out and open the link again, or have your own address invited."
            )
            % {"invited": invitation.email, "email": person.email},
        )
    return _take(invitation, lambda: person, now)


def accept_as_new(*, invitation: Invitation, name: str, password: str, now: datetime) -> Membership:
    """Create the invited person as a member. Raises Refusal `invitation_over`, and as `create_person` does."""
    return _take(invitation, lambda: create_person(email=invitation.email, name=name, password=password), now)


def open_invitations(tenant: Tenant) -> QuerySet[Invitation]:
    """Return the tenant's invitations that nobody has accepted, newest first; expired ones can be renewed."""
    return Invitation.objects.filter(tenant=tenant, accepted_at=None, revoked_at=None).order_by("-created_at", "-pk")


def invitation_for(tenant: Tenant, public_id: str) -> Invitation:
    """Return an open invitation of this tenant, or raise Http404."""
    try:
        return open_invitations(tenant).select_related("tenant").get(public_id=UUID(public_id))
    except (Invitation.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def invitation_behind(token: str, *, now: datetime) -> Invitation | None:
    """Return the invitation of a link, or None for a link that is over, revoked, replaced or forged."""
    return (
        Invitation.objects.filter(
            token_hash=hash_of(token), accepted_at=None, revoked_at=None, expires_at__gt=now, tenant__closed_at=None
        )
        .select_related("tenant__directory__environment__integration")
        .first()
    )


def _take(invitation: Invitation, find_person: Callable[[], User], now: datetime) -> Membership:
    with transaction.atomic():
        current = _locked(invitation)
        if current.expires_at <= now:
            raise _over()
        person = find_person()
        membership = Membership.objects.get_or_create(
            user=person, tenant=current.tenant, defaults={"role": current.role}
        )[0]
        current.accepted_at = now
        current.save(update_fields=["accepted_at"])
        _record(
            current,
            "invitation:accept",
            Actor.person(person),
            now,
            after={"email": current.email, "role": membership.role},
        )
    return membership


def _locked(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now, while its tenant's members are locked and it is still open."""
    tenant = lock_members(invitation.tenant_id)
    current = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if current.accepted_at or current.revoked_at or tenant.closed_at or current.token_hash != invitation.token_hash:
        raise _over()
    return current


def _over() -> Refusal:
    return Refusal("invitation_over", _("This invitation is over. Ask for a new one."))


def _check(email: str, role: str) -> None:
    if role not in Membership.Role.values:
        raise Refusal("role_unknown", _("A member is an admin or a viewer."))
    try:
        validate_email(email)
    except ValidationError:
        raise Refusal("email_invalid", _("This is not an e-mail address. Write it like ada@example.com.")) from None
    if len(email) > EMAIL_LENGTH:
        raise Refusal("email_invalid", _("An e-mail address has up to %d characters.") % EMAIL_LENGTH)


def _check_place(tenant: Tenant, email: str) -> None:
    if tenant.closed_at is not None:
        raise Refusal("tenant_closed", _("This tenant is closed: nobody can be invited any more."))
    if Membership.objects.filter(tenant=tenant, user__email__iexact=email).exists():
        raise Refusal("member_already", _("%s is a member already. Change the role in the list instead.") % email)
    waiting = open_invitations(tenant)
    if waiting.filter(email__iexact=email).exists():
        raise Refusal("invited_already", _("%s is invited already. Send the invitation again instead.") % email)
    if waiting.count() >= MOST_OPEN:
        raise Refusal(
            "too_many_invitations", _("%d invitations wait to be accepted. Revoke some of them first.") % MOST_OPEN
        )


def _check_day(tenant: Tenant, now: datetime) -> None:
    """Nobody mails the world by inviting and withdrawing in turns."""
    lately = Invitation.objects.filter(tenant=tenant, created_at__gt=now - timedelta(days=1))
    if lately.count() >= MOST_A_DAY:
        raise Refusal("too_many_invitations", _("%d people were invited in a day. Go on tomorrow.") % MOST_A_DAY)


def _record(
    invitation: Invitation, action: str, actor: Actor, now: datetime, after: dict[str, str] | None = None
) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="invitation",
        object_id=invitation.public_id,
        tenant=invitation.tenant,
        before=None if after else {"email": invitation.email, "role": invitation.role},
        after=after,
    )
