"""Hand-off links over HTTP: the SaaS's own page gives one to whoever runs the tenant's AWS account."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from dashboard.api.callers import ApiKey, caller_of
from dashboard.api.sources import source_of
from integrations.problems import Problem
from integrations.sources.handoff import create_link, link_of, open_links, revoke_link
from integrations.sources.models import HandOffLink

router = Router(tags=["Sources"])


class HandOffLinkOut(Schema):
    """A page about one source that needs no sign-in."""

    id: UUID
    created_by: str
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None = Field(..., description="When it was first opened")


class NewHandOffLinkOut(HandOffLinkOut):
    url: str = Field(..., description="Give it to the tenant's AWS admin. It cannot be read again")


class HandOffLinkList(Schema):
    """The links that still open, newest first."""

    links: list[HandOffLinkOut]


@router.post(
    "/tenants/{tenant}/sources/{source}/hand-off-links",
    response={201: NewHandOffLinkOut},
    auth=ApiKey("sources:write"),
    summary="Make a hand-off link",
    operation_id="post_hand_off_link",
)
def post(request: HttpRequest, tenant: str, source: str) -> Status[NewHandOffLinkOut]:
    """For the tenant's AWS admin, who needs no account here. Needs the scope sources:write."""
    link, token = create_link(
        source=source_of(request, tenant, source), actor=caller_of(request).actor, now=timezone.now()
    )
    url = f"{settings.PUBLIC_URL}{reverse('hand_off', args=[token])}"
    return Status(201, NewHandOffLinkOut(url=url, **_shown(link).dict()))


@router.get(
    "/tenants/{tenant}/sources/{source}/hand-off-links",
    response=HandOffLinkList,
    auth=ApiKey("sources:read"),
    summary="List hand-off links",
    operation_id="list_hand_off_links",
)
def get_list(request: HttpRequest, tenant: str, source: str) -> HandOffLinkList:
    """Needs the scope sources:read."""
    links = open_links(source_of(request, tenant, source), now=timezone.now())
    return HandOffLinkList(links=[_shown(link) for link in links])


@router.delete(
    "/tenants/{tenant}/sources/{source}/hand-off-links/{link}",
    response={204: None},
    auth=ApiKey("sources:write"),
    summary="Revoke a hand-off link",
    operation_id="delete_hand_off_link",
)
def delete(request: HttpRequest, tenant: str, source: str, link: UUID) -> Status[None]:
    """The page is gone at once. Needs the scope sources:write."""
    found = link_of(source_of(request, tenant, source), link)
    if found is None:
        raise Problem(404, "hand_off_link_unknown", "This source has no such link.")
    revoke_link(link=found, actor=caller_of(request).actor, now=timezone.now())
    return Status(204, None)


def _shown(link: HandOffLink) -> HandOffLinkOut:
    return HandOffLinkOut(
        id=link.public_id,
        created_by=link.created_by,
        created_at=link.created_at,
        expires_at=link.expires_at,
        opened_at=link.opened_at,
    )
