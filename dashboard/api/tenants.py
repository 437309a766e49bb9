"""Tenants over HTTP: put by the SaaS's own id, read, listed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from dashboard.api.callers import ApiKey, caller_of, environment_of, tenant_of
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.closing import close_tenant
from integrations.sources.tasks import advance_sources
from tenants.accounts import InvalidTenant, put_tenant
from tenants.models import Tenant

router = Router(tags=["Tenants"])


class TenantIn(Schema):
    """What can be said of a tenant. Without a name, a new one is called by its id and a known one keeps its name."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=200, examples=["Alder Ltd."])


class TenantOut(Schema):
    """A customer of the SaaS."""

    tenant: str = Field(..., description="The SaaS's own id", examples=["42"])
    id: UUID = Field(..., description="Our id, also the list's cursor")
    name: str
    created_at: datetime


class TenantList(Schema):
    """A page of tenants, oldest first."""

    tenants: list[TenantOut]
    next: UUID | None = Field(..., description="Pass it as `after` for the next page; null on the last")


class Page(Schema):
    after: UUID | None = Field(None, description="The `next` of the page before")
    limit: int = Field(50, ge=1, le=200)


@router.put(
    "/tenants/{tenant}",
    response={200: TenantOut, 201: TenantOut},
    auth=ApiKey("tenants:write"),
    summary="Create or rename a tenant",
    operation_id="put_tenant",
)
def put(request: HttpRequest, tenant: str, content: TenantIn | None = None) -> Status[TenantOut]:
    """201 when the tenant is new, 200 when it was known. Needs the scope tenants:write."""
    caller = caller_of(request)
    try:
        stored, is_new = put_tenant(
            directory=caller.environment.directory,
            external_id=tenant,
            name=content.name if content else None,
            actor=caller.actor,
            now=timezone.now(),
        )
    except InvalidTenant as error:
        raise Problem(422, "tenant_invalid", str(error)) from None
    return Status(201 if is_new else 200, _shown(stored))


@router.get(
    "/tenants/{tenant}",
    response=TenantOut,
    auth=ApiKey("tenants:read"),
    summary="Read a tenant",
    operation_id="get_tenant",
)
def get(request: HttpRequest, tenant: str) -> TenantOut:
    """Needs the scope tenants:read."""
    return _shown(tenant_of(request, tenant))


@router.delete(
    "/tenants/{tenant}",
    response={204: None},
    auth=ApiKey("tenants:write"),
    summary="Close a tenant",
    operation_id="delete_tenant",
)
def delete(request: HttpRequest, tenant: str) -> Status[None]:
    """Deletes its sources at AWS and ends its people's access; its events stay to retention. Needs tenants:write."""
    caller = caller_of(request)
    known = Tenant.objects.filter(directory=caller.environment.directory_id, external_id=tenant).order_by("-pk")
    found = None if "\x00" in tenant else known.first()
    if found is None:
        raise Problem(404, "tenant_unknown", "This environment has no such tenant, and none that was closed.")
    close_tenant(tenant=found, actor=caller.actor, now=timezone.now())
    kick(advance_sources)
    return Status(204, None)


@router.get(
    "/tenants", response=TenantList, auth=ApiKey("tenants:read"), summary="List tenants", operation_id="list_tenants"
)
def get_list(request: HttpRequest, page: Annotated[Page, Query()]) -> TenantList:
    """The environment's open tenants. Needs the scope tenants:read."""
    open_tenants = Tenant.objects.filter(directory=environment_of(request).directory_id, closed_at=None)
    if page.after:
        open_tenants = open_tenants.filter(public_id__gt=page.after)
    found = list(open_tenants.order_by("public_id")[: page.limit + 1])
    shown = found[: page.limit]
    return TenantList(
        tenants=[_shown(tenant) for tenant in shown], next=shown[-1].public_id if len(found) > page.limit else None
    )


def _shown(tenant: Tenant) -> TenantOut:
    return TenantOut(tenant=tenant.external_id, id=tenant.public_id, name=tenant.name, created_at=tenant.created_at)
