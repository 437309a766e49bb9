"""The people of the role tables, one of each kind."""

from dataclasses import dataclass
from datetime import datetime

from integrations.registration.models import Environment
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import Membership, Tenant, User

ROLES = (
    "anonymous",
    "stranger",
    "tenant viewer",
    "tenant admin",
    "other tenant's admin",
    "support",
    "manager",
    "operations",
)
STAFF = ("support", "manager", "operations")


@dataclass
class Cast:
    """Tenants Alder and Birch, and a person for each role; nobody for anonymous."""

    alder: Tenant
    birch: Tenant
    people: dict[str, User | None]


def assemble(environment: Environment, now: datetime) -> Cast:
    alder, birch = (
        put_tenant(
            directory=environment.directory, external_id=name.lower(), name=name, actor=Actor.system("test"), now=now
        )[0]
        for name in ("Alder", "Birch")
    )
    people: dict[str, User | None] = {"anonymous": None, "stranger": _person("stranger")}
    for role, tenant, rights in (
        ("tenant viewer", alder, "viewer"),
        ("tenant admin", alder, "admin"),
        ("other tenant's admin", birch, "admin"),
    ):
        people[role] = _person(f"{rights}@{tenant.external_id}")
        Membership.objects.create(user=people[role], tenant=tenant, role=rights)
    for role in STAFF:
        people[role] = _person(role, staff_role=role)
    return Cast(alder, birch, people)


def _person(name: str, **fields: str) -> User:
    email = f"{name}.example.com" if "@" in name else f"{name}@example.com"
    return User.objects.create_user(email, **fields)
