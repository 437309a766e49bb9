"""Members: the people of a tenant, their roles, and that a tenant never loses its last admin."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from tenants import audit
from tenants.audit import Actor
from tenants.models import Membership, Tenant
from tenants.refusals import Refusal


def members_of(tenant: Tenant) -> QuerySet[Membership]:
    """Return the tenant's memberships with their people, by e-mail."""
    return Membership.objects.filter(tenant=tenant).select_related("user", "tenant").order_by("user__email", "pk")


def member_for(tenant: Tenant, person: str) -> Membership:
    """Return the membership of the person with this public id in this tenant, or raise Http404."""
    try:
        return members_of(tenant).get(user__public_id=UUID(person))
    except (Membership.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def change_role(*, membership: Membership, role: str, actor: Actor, now: datetime) -> None:
    """Make a member admin or viewer. Raises Refusal `role_unknown`, `last_admin`, `member_gone`."""
    if role not in Membership.Role.values:
        raise Refusal("role_unknown", _("A member is an admin or a viewer."))
    with transaction.atomic():
        current = _locked(membership)
        if current.role == role:
            return
        _keep_an_admin(current)
        before, current.role = current.role, role
        current.save(update_fields=["role"])
        _record(current, "member:change-role", actor, now, before=before, after=role)


def remove_member(*, membership: Membership, actor: Actor, now: datetime) -> None:
    """Take a person's right to see the tenant, at once. Raises Refusal `last_admin`, `member_gone`."""
    with transaction.atomic():
        current = _locked(membership)
        _keep_an_admin(current)
        _record(current, "member:remove", actor, now, before=current.role)
        current.delete()


def lock_members(tenant_id: int) -> Tenant:
    """Return the tenant with its row locked, under which alone its members change."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def _locked(membership: Membership) -> Membership:
    lock_members(membership.tenant_id)
    try:
        return members_of(membership.tenant).get(pk=membership.pk)
    except Membership.DoesNotExist:
        raise Refusal("member_gone", _("This person is no member any more. Nothing was changed.")) from None


def _keep_an_admin(leaving: Membership) -> None:
    admins = Membership.objects.filter(tenant=leaving.tenant, role=Membership.Role.ADMIN, user__is_active=True)
    if leaving.role == Membership.Role.ADMIN and not admins.exclude(pk=leaving.pk).exists():
        raise Refusal("last_admin", _("This is the last admin. Make somebody else an admin first."))


def _record(
    membership: Membership, action: str, actor: Actor, now: datetime, *, before: str = "", after: str = ""
) -> None:
    person = {"email": membership.user.email}
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="user",
        object_id=membership.user.public_id,
        tenant=membership.tenant,
        before=person | {"role": before} if before else None,
        after=person | {"role": after} if after else None,
    )
