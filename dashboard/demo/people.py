"""The demo's people. Everybody knows their password, see `permission`."""

from datetime import datetime

from django.db import transaction

from tenants import audit
from tenants.administrators import create_administrator
from tenants.audit import Actor
from tenants.models import Membership, StaffRole, Tenant, User

PASSWORD = "partnerbus-demo"  # noqa: S105 - public on purpose
OPERATIONS = "ops@demo.test"
STAFF = {"manager@demo.test": StaffRole.MANAGER, "support@demo.test": StaffRole.SUPPORT}
MEMBERS = {
    "alder": {"admin@alder.test": Membership.Role.ADMIN, "viewer@alder.test": Membership.Role.VIEWER},
    "birch": {"admin@birch.test": Membership.Role.ADMIN},
}


def create_staff(*, actor: Actor, now: datetime) -> None:
    """Create the provider's own people, unless they exist."""
    if _missing(OPERATIONS):
        create_administrator(email=OPERATIONS, password=PASSWORD, actor=actor, now=now)
    for email, role in STAFF.items():
        if _missing(email):
            _create(email, staff_role=role, actor=actor, now=now)


def create_members(*, tenant: Tenant, actor: Actor, now: datetime) -> None:
    """Create the people of a tenant, unless they exist."""
    for email, role in MEMBERS.get(tenant.external_id, {}).items():
        if _missing(email):
            _create(email, tenant=tenant, role=role, actor=actor, now=now)


def sign_ins() -> list[str]:
    """Return every address that can sign in with PASSWORD."""
    return [OPERATIONS, *STAFF, *(email for members in MEMBERS.values() for email in members)]


def _missing(email: str) -> bool:
    return not User.objects.filter(email__iexact=email).exists()


def _create(
    email: str,
    *,
    staff_role: str = StaffRole.NONE,
    tenant: Tenant | None = None,
    role: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    with transaction.atomic():
        user = User.objects.create_user(email, PASSWORD, staff_role=staff_role)
        if tenant is not None:
            Membership.objects.create(user=user, tenant=tenant, role=role)
        audit.record(
            actor=actor,
            action="user:create",
            at=now,
            object_type="user",
            object_id=user.public_id,
            tenant=tenant,
            after={"email": email, "staff_role": str(staff_role), "role": str(role)},
        )
