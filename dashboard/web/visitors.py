"""Who visits a tenant's portal: somebody who is signed in and may see it, or somebody whom the SaaS sent by a link."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase

from tenants.access import is_staff, tenant_and_right
from tenants.audit import Actor
from tenants.models import Membership, PortalSession, Tenant, User
from tenants.portal_sessions import actor_of, session_behind

COOKIE = "partnerbus_portal"
# What every page of the portal shows of its tenant: loaded with it.
FRAME = ("directory__environment__integration__brand",)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person in the portal of one tenant. `acts`: may change something there. Without `user`, it is a guest."""

    tenant: Tenant
    actor: Actor
    label: str
    acts: bool
    user: User | None = None
    session: PortalSession | None = None

    @property
    def is_staff(self) -> bool:
        """Whether somebody of the provider looks at the tenant's pages."""
        return self.user is not None and is_staff(self.user)


def find_visitor(request: HttpRequest, public_id: str, *, staff_act: bool, now: datetime) -> Visitor | None:
    """Return who visits this tenant, or None for whom it is not. An account that may act goes before a guest."""
    member = _member(request, public_id, staff_act=staff_act)
    if member is not None and member.acts:
        return member
    return _guest(request, public_id, now) or member


def holds_a_cookie(request: HttpRequest) -> bool:
    """Return whether a portal session's cookie was presented, whatever it is worth."""
    return COOKIE in request.COOKIES


def remember(response: HttpResponseBase, session: PortalSession, secret: str, now: datetime) -> None:
    """Give the browser the session's cookie, which it sends to pages of this one tenant only."""
    assert session.expires_at is not None
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int((session.expires_at - now).total_seconds()),
        path=_path(session.tenant),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase, tenant: Tenant) -> None:
    """Take the session's cookie away."""
    response.delete_cookie(COOKIE, path=_path(tenant), samesite="Lax")


def visitor_of(request: HttpRequest) -> Visitor:
    """Return who visits, behind one of the tenants' doors."""
    return cast(Visitor, cast(object, request.visitor))  # type: ignore[attr-defined]


def _member(request: HttpRequest, public_id: str, *, staff_act: bool) -> Visitor | None:
    if not request.user.is_authenticated:
        return None
    person = request.user
    try:
        tenant, is_admin = tenant_and_right(person, public_id, *FRAME)
    except Http404:
        return None
    acts = staff_act or is_admin
    return Visitor(tenant, Actor.person(person), person.email, acts and tenant.closed_at is None, user=person)


def _guest(request: HttpRequest, public_id: str, now: datetime) -> Visitor | None:
    secret = request.COOKIES.get(COOKIE, "")
    session = session_behind(secret, now=now, related=FRAME) if secret else None
    if session is None or str(session.tenant.public_id) != public_id:
        return None
    label = session.name or session.email
    acts = session.role == Membership.Role.ADMIN
    return Visitor(session.tenant, actor_of(session), label, acts, session=session)


def _path(tenant: Tenant) -> str:
    return f"/portal/{tenant.public_id}"
