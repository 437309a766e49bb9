"""Tenants as the SaaS knows them: put by its own id."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from tenants import audit
from tenants.audit import Actor
from tenants.models import Directory, Tenant

EXTERNAL_ID_LENGTH = 128
NAME_LENGTH = 200


class InvalidTenant(ValueError):
    """The id or the name of a tenant cannot be used; the text says why."""


def put_tenant(
    *, directory: Directory, external_id: str, name: str | None = None, actor: Actor, now: datetime
) -> tuple[Tenant, bool]:
    """Create the tenant, or rename it; return it and whether it is new.

    Safe to call twice at once. Without a name a new tenant is called by its id, and a known one keeps its name.
    Raises InvalidTenant.
    """
    check_external_id(external_id)
    if name is not None:
        _check_name(name)
    with transaction.atomic():
        known = (
            Tenant.objects.select_for_update()
            .filter(directory=directory, external_id=external_id, closed_at=None)
            .first()
        )
        if known is None:
            return _create(directory, external_id, name or external_id, actor, now)
        if name is not None and name != known.name:
            _rename(known, name, actor, now)
        return known, False


def check_external_id(external_id: str) -> None:
    """Raise InvalidTenant unless the id can be used: it is one segment of a URL, and people read it."""
    fits = 1 <= len(external_id) <= EXTERNAL_ID_LENGTH and external_id not in (".", "..")
    readable = external_id.isprintable() and external_id == external_id.strip()
    if not (fits and readable and "/" not in external_id):
        raise InvalidTenant(
            f"A tenant id is 1 to {EXTERNAL_ID_LENGTH} printable characters without a slash and without spaces around "
            "them; '.' and '..' are not ids."
        )


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise InvalidTenant(f"A tenant's name is 1 to {NAME_LENGTH} printable characters.")


def _create(directory: Directory, external_id: str, name: str, actor: Actor, now: datetime) -> tuple[Tenant, bool]:
    try:
        with transaction.atomic():
            tenant = Tenant.objects.create(
                directory=directory,
                external_id=external_id,
                name=name,
                slug=_slug(name) or _slug(external_id) or "tenant",
            )
    except IntegrityError:  # somebody else put it between our look and our insert
        return Tenant.objects.get(directory=directory, external_id=external_id, closed_at=None), False
    audit.record(
        actor=actor,
        action="tenant:create",
        at=now,
        object_type="tenant",
        object_id=tenant.public_id,
        tenant=tenant,
        after={"external_id": external_id, "name": name},
    )
    return tenant, True


def _rename(tenant: Tenant, name: str, actor: Actor, now: datetime) -> None:
    before = {"name": tenant.name}
    tenant.name = name
    tenant.save(update_fields=["name"])
    audit.record(
        actor=actor,
        action="tenant:rename",
        at=now,
        object_type="tenant",
        object_id=tenant.public_id,
        tenant=tenant,
        before=before,
        after={"name": name},
    )


def _slug(text: str) -> str:
    return slugify(text)[:40].strip("-_")
