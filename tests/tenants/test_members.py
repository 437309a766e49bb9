from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection
from django.http import Http404

from tenants.members import change_role, member_for, members_of, remove_member
from tenants.models import AuditEntry, Membership, Tenant, User
from tenants.refusals import Refusal
from tests.conftest import SYSTEM


def member(tenant: Tenant, name: str, role: str = "admin", **fields: object) -> Membership:
    person = User.objects.create_user(f"{name}@example.com", **fields)
    return Membership.objects.create(user=person, tenant=tenant, role=role)


def test_a_role_is_changed_and_the_log_says_from_what(tenant: Tenant, now: datetime) -> None:
    member(tenant, "ada")
    bea = member(tenant, "bea", "viewer")
    change_role(membership=bea, role="admin", actor=SYSTEM, now=now)
    bea.refresh_from_db()
    assert bea.role == "admin"
    line = AuditEntry.objects.get(action="member:change-role")
    assert (line.before, line.after) == (
        {"email": "bea@example.com", "role": "viewer"},
        {"email": "bea@example.com", "role": "admin"},
    )


def test_changing_to_what_is_set_writes_nothing(tenant: Tenant, now: datetime) -> None:
    change_role(membership=member(tenant, "ada"), role="admin", actor=SYSTEM, now=now)
    assert not AuditEntry.objects.filter(action="member:change-role").exists()


def test_the_last_admin_stays(tenant: Tenant, now: datetime) -> None:
    ada = member(tenant, "ada")
    member(tenant, "off", is_active=False)
    member(tenant, "bea", "viewer")
    for attempt in (
        lambda: remove_member(membership=ada, actor=SYSTEM, now=now),
        lambda: change_role(membership=ada, role="viewer", actor=SYSTEM, now=now),
    ):
        with pytest.raises(Refusal, match="last admin"):
            attempt()
    ada.refresh_from_db()
    assert ada.role == "admin"


def test_removing_twice_says_that_it_is_done(tenant: Tenant, now: datetime) -> None:
    member(tenant, "ada")
    bea = member(tenant, "bea", "viewer")
    remove_member(membership=bea, actor=SYSTEM, now=now)
    assert [each.user.email for each in members_of(tenant)] == ["ada@example.com"]
    with pytest.raises(Refusal, match="no member any more"):
        remove_member(membership=bea, actor=SYSTEM, now=now)


def test_a_member_of_another_tenant_is_not_found(tenant: Tenant, now: datetime) -> None:
    birch = Tenant.objects.create(directory=tenant.directory, external_id="birch", name="Birch", slug="birch")
    ada = member(birch, "ada")
    for unknown in (str(ada.user.public_id), "no-id", "01890000-0000-7000-8000-000000000000"):
        with pytest.raises(Http404):
            member_for(tenant, unknown)
    assert member_for(birch, str(ada.user.public_id)) == ada


def test_an_unknown_role_is_refused(tenant: Tenant, now: datetime) -> None:
    with pytest.raises(Refusal, match="admin or a viewer"):
        change_role(membership=member(tenant, "ada"), role="owner", actor=SYSTEM, now=now)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_at_once_leave_one(tenant: Tenant, now: datetime) -> None:
    both = [member(tenant, "ada"), member(tenant, "bea")]

    def remove(leaving: Membership) -> str:
        try:
            remove_member(membership=leaving, actor=SYSTEM, now=now)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as crowd:
        assert sorted(crowd.map(remove, both)) == ["", "last_admin"]
    assert members_of(tenant).count() == 1
