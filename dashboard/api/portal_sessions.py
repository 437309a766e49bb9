"""Links into the portal over HTTP: the SaaS's own page asks for one when a person wants to go there."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from dashboard.api.callers import ApiKey, caller_of, tenant_of
from integrations.problems import Problem
from tenants.models import PortalSession
from tenants.portal_sessions import end_session, issue_link
from tenants.refusals import Refusal

router = Router(tags=["Tenants"])

# What somebody in the portal reads and does is what the key that let them in may read and do itself.
ALSO_NEEDED = {
    "viewer": ("events:read", "sources:read"),
    "admin": ("events:read", "sources:read", "events:replay", "sources:write"),
}


class PortalSessionIn(Schema):
    """Who goes into the portal. E-mail and name are for the audit log and make nobody a member."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["admin", "viewer"] = Field("viewer", description="An admin may change something, a viewer reads")
    email: str = Field("", max_length=254, examples=["ada@alder.example"])
    name: str = Field("", max_length=200, examples=["Ada"])


class PortalSessionOut(Schema):
    """A link that opens once, in a tab of its own."""

    id: UUID
    tenant: str
    role: str
    url: str = Field(..., description="Send the person's browser here. It cannot be read again")
    expires_at: datetime = Field(..., description="Until when the link can be opened")


@router.post(
    "/tenants/{tenant}/portal-sessions",
    response={201: PortalSessionOut},
    auth=ApiKey("tenants:write"),
    summary="Make a link into the portal",
    operation_id="post_portal_session",
)
def post(request: HttpRequest, tenant: str, wanted: PortalSessionIn | None = None) -> Status[PortalSessionOut]:
    """Opens once within five minutes; then a cookie is good for an hour.

    Needs the scope tenants:write, and those of what is seen there: events:read and sources:read, for an admin also
    events:replay and sources:write.
    """
    who = wanted or PortalSessionIn()  # type: ignore[call-arg]
    for scope in ALSO_NEEDED[who.role]:
        caller_of(request).require(scope)
    try:
        session, token = issue_link(
            tenant=tenant_of(request, tenant),
            role=who.role,
            email=who.email,
            name=who.name,
            actor=caller_of(request).actor,
            now=timezone.now(),
        )
    except Refusal as refusal:
        raise Problem(422, refusal.code, str(refusal)) from None
    return Status(201, _shown(session, token))


@router.delete(
    "/tenants/{tenant}/portal-sessions/{session}",
    response={204: None},
    auth=ApiKey("tenants:write"),
    summary="End a portal session",
    operation_id="delete_portal_session",
)
def delete(request: HttpRequest, tenant: str, session: UUID) -> Status[None]:
    """Makes the link worthless, or ends the visit at once. Needs the scope tenants:write."""
    found = PortalSession.objects.filter(tenant=tenant_of(request, tenant), public_id=session).first()
    if found is None:
        raise Problem(404, "portal_session_unknown", "This tenant has no such portal session.")
    end_session(session=found, actor=caller_of(request).actor, now=timezone.now())
    return Status(204, None)


def _shown(session: PortalSession, token: str) -> PortalSessionOut:
    return PortalSessionOut(
        id=session.public_id,
        tenant=session.tenant.external_id,
        role=session.role,
        url=f"{settings.PUBLIC_URL}{reverse('portal_open', args=[token])}",
        expires_at=session.link_expires_at,
    )
