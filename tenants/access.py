"""The doors to tenant-owned rows: strangers get 404, because even the existence of a row is the tenant's business."""

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from tenants.models import Directory, Membership, Tenant, User


def tenants_of(user: User) -> QuerySet[Tenant]:
    """Return the tenants that a person may see: all for staff, one's own for the others, none when switched off."""
    if not user.is_active:
        return Tenant.objects.none()
    if is_staff(user):
        return Tenant.objects.all()
    return Tenant.objects.filter(memberships__user=user)


def is_staff(user: User) -> bool:
    """Return whether the person works for the provider."""
    return user.is_active and (user.is_superuser or bool(user.staff_role))


def tenant_and_right(user: User, public_id: str, *related: str) -> tuple[Tenant, bool]:
    """Return a tenant that this person may see, and whether they may act for it as one of its own people.

    One query, which also loads what is `related`. Raises Http404.
    """
    mine = Membership.objects.filter(tenant=OuterRef("pk"), user=user, role=Membership.Role.ADMIN)
    seen = tenants_of(user).select_related(*related).annotate(is_mine=Exists(mine))
    try:
        tenant = seen.get(public_id=UUID(public_id))
    except (Tenant.DoesNotExist, ValueError) as missing:
        raise Http404 from missing
    return tenant, bool(tenant.is_mine)


def tenant_in(directory: Directory, external_id: str) -> Tenant:
    """Return the tenant of this directory by the SaaS's own id; raises Tenant.DoesNotExist for anybody else's."""
    return Tenant.objects.get(directory=directory, external_id=external_id, closed_at=None)


def tenant_for(user: User, public_id: str) -> Tenant:
    """Return a tenant that this person may see, or raise Http404."""
    try:
        return tenants_of(user).get(public_id=UUID(public_id))
    except (Tenant.DoesNotExist, ValueError) as missing:
        raise Http404 from missing
