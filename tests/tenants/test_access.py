"""The doors to tenants: staff, members and strangers."""

import pytest
from django.http import Http404

from tenants.access import is_staff, tenant_for, tenant_in, tenants_of
from tenants.models import Directory, Membership, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory() -> Directory:
    return Directory.objects.create(name="Orders (test)")


@pytest.fixture
def alder(directory: Directory) -> Tenant:
    return Tenant.objects.create(directory=directory, external_id="alder", name="Alder", slug="alder")


@pytest.fixture
def birch(directory: Directory) -> Tenant:
    return Tenant.objects.create(directory=directory, external_id="birch", name="Birch", slug="birch")


def person(email: str, *tenants: Tenant, **fields: object) -> User:
    user = User.objects.create_user(email, **fields)
    for tenant in tenants:
        Membership.objects.create(user=user, tenant=tenant, role="viewer")
    return user


def test_a_member_sees_its_own_tenant_only(alder: Tenant, birch: Tenant) -> None:
    member = person("viewer@alder.test", alder)
    assert list(tenants_of(member)) == [alder]
    assert tenant_for(member, str(alder.public_id)) == alder
    with pytest.raises(Http404):
        tenant_for(member, str(birch.public_id))


@pytest.mark.parametrize("role", ["operations", "manager", "support"])
def test_staff_of_every_role_sees_all_tenants(alder: Tenant, birch: Tenant, role: str) -> None:
    staff = person(f"{role}@example.com", staff_role=role)
    assert is_staff(staff)
    assert set(tenants_of(staff)) == {alder, birch}


def test_a_superuser_is_staff(alder: Tenant) -> None:
    assert list(tenants_of(person("ops@example.com", is_superuser=True))) == [alder]


def test_a_stranger_sees_nothing(alder: Tenant) -> None:
    stranger = person("stranger@example.com")
    assert not is_staff(stranger)
    with pytest.raises(Http404):
        tenant_for(stranger, str(alder.public_id))


@pytest.mark.parametrize("fields", [{"is_superuser": True}, {"staff_role": "operations"}, {}])
def test_whoever_is_switched_off_sees_nothing(alder: Tenant, fields: dict[str, object]) -> None:
    gone = person("gone@example.com", alder, is_active=False, **fields)
    assert not is_staff(gone)
    assert not tenants_of(gone).exists()
    with pytest.raises(Http404):
        tenant_for(gone, str(alder.public_id))


@pytest.mark.parametrize("public_id", ["", "42", "not-a-uuid", "x\x00", "0193c0de-0000-7000-8000-000000000000"])
def test_an_id_that_is_nobodys_is_not_found(public_id: str) -> None:
    with pytest.raises(Http404):
        tenant_for(person("ops@example.com", is_superuser=True), public_id)


def test_a_tenant_is_found_by_its_own_id_in_its_own_directory_only(directory: Directory, alder: Tenant) -> None:
    assert tenant_in(directory, "alder") == alder
    with pytest.raises(Tenant.DoesNotExist):
        tenant_in(Directory.objects.create(name="another"), "alder")


def test_a_closed_tenant_is_not_found_by_its_own_id(directory: Directory, alder: Tenant) -> None:
    Tenant.objects.filter(pk=alder.pk).update(closed_at="2026-03-01T00:00Z")
    with pytest.raises(Tenant.DoesNotExist):
        tenant_in(directory, "alder")
