"""Tenants put by the SaaS's own ids."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connections

from tenants.accounts import InvalidTenant, put_tenant
from tenants.audit import Actor
from tenants.models import AuditEntry, Directory, Tenant

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BACKEND = Actor("key", "backend")

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory() -> Directory:
    return Directory.objects.create(name="Orders (test)")


def put(directory: Directory, external_id: str, name: str | None = None) -> tuple[Tenant, bool]:
    return put_tenant(directory=directory, external_id=external_id, name=name, actor=BACKEND, now=NOW)


def test_a_new_tenant_is_created_with_a_slug_of_its_name(directory: Directory) -> None:
    tenant, new = put(directory, "42", "Alder & Söhne GmbH")
    assert new
    assert (tenant.external_id, tenant.name, tenant.slug) == ("42", "Alder & Söhne GmbH", "alder-sohne-gmbh")


def test_a_tenant_without_a_name_is_called_by_its_id(directory: Directory) -> None:
    tenant, _ = put(directory, "org_9f")
    assert (tenant.name, tenant.slug) == ("org_9f", "org_9f")


def test_a_name_of_which_no_slug_can_be_made_still_gets_one(directory: Directory) -> None:
    assert put(directory, "7", "株式会社")[0].slug == "7"
    assert put(directory, "★", "株式会社")[0].slug == "tenant"


def test_putting_a_tenant_again_returns_the_same_one_and_says_so(directory: Directory) -> None:
    first, _ = put(directory, "42", "Alder")
    again, new = put(directory, "42", "Alder")
    assert (again.pk, new) == (first.pk, False)
    assert AuditEntry.objects.count() == 1


def test_a_new_name_renames_and_keeps_the_slug(directory: Directory) -> None:
    put(directory, "42", "Alder")
    tenant, _ = put(directory, "42", "Birch")
    assert (tenant.name, tenant.slug) == ("Birch", "alder")
    entry = AuditEntry.objects.get(action="tenant:rename")
    assert (entry.before, entry.after) == ({"name": "Alder"}, {"name": "Birch"})


def test_putting_without_a_name_keeps_the_name(directory: Directory) -> None:
    put(directory, "42", "Alder")
    assert put(directory, "42")[0].name == "Alder"


@pytest.mark.parametrize(
    "external_id",
    ["", ".", "..", "a/b", "/", "a\x00b", "\x00", "a\nb", "\t", "a\x7fb", "\x85", "\ud800", "x" * 129, "42\n"],
)
def test_an_id_that_cannot_be_a_segment_of_a_url_is_refused(directory: Directory, external_id: str) -> None:
    with pytest.raises(InvalidTenant):
        put(directory, external_id)
    assert not Tenant.objects.exists()


@pytest.mark.parametrize(
    "external_id", ["...", ".a", "a.", "x" * 128, "日本", "🌳", "a b", "a%2Fb", "ein'ding", "<b>", "0"]
)
def test_any_other_readable_id_is_taken_as_it_is(directory: Directory, external_id: str) -> None:
    assert put(directory, external_id)[0].external_id == external_id
    assert Tenant.objects.get().external_id == external_id


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "a\nb", "x" * 201, "\ud800"])
def test_a_name_that_nobody_can_read_is_refused(directory: Directory, name: str) -> None:
    with pytest.raises(InvalidTenant):
        put(directory, "42", name)


def test_the_same_id_in_two_directories_is_two_tenants(directory: Directory) -> None:
    production = Directory.objects.create(name="Orders (production)")
    assert put(directory, "42")[0].pk != put(production, "42")[0].pk


def test_ids_differ_by_case_and_by_unicode_form(directory: Directory) -> None:
    ids = ("a", "A", "é", "e\u0301")
    assert len({put(directory, each)[0].pk for each in ids}) == len(ids)


def test_the_id_of_a_closed_tenant_is_a_new_tenant_that_inherits_nothing(directory: Directory) -> None:
    closed, _ = put(directory, "42", "Alder")
    Tenant.objects.filter(pk=closed.pk).update(closed_at=NOW)
    reused, new = put(directory, "42")
    assert new
    assert (reused.pk, reused.public_id, reused.name) != (closed.pk, closed.public_id, closed.name)
    assert reused.name == "42"
    assert put(directory, "42")[0].pk == reused.pk


def at_once(run: Callable[[int], object]) -> None:
    """Run it in four threads that start together, each with a connection of its own."""
    start = threading.Barrier(4)

    def one(number: int) -> None:
        try:
            start.wait()
            run(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_of_several_puts_at_once_one_creates_and_all_return_the_same_tenant(directory: Directory) -> None:
    outcomes: list[tuple[Tenant, bool]] = []
    at_once(lambda _: outcomes.append(put(directory, "42", "Alder")))
    assert sorted(new for _, new in outcomes) == [False, False, False, True]
    assert len({tenant.pk for tenant, _ in outcomes}) == 1
    assert AuditEntry.objects.filter(action="tenant:create").count() == 1


@pytest.mark.django_db(transaction=True)
def test_renames_at_once_are_recorded_one_after_the_other(directory: Directory) -> None:
    put(directory, "42", "Alder")
    at_once(lambda number: put(directory, "42", f"Name {number}"))
    renames = list(AuditEntry.objects.filter(action="tenant:rename").order_by("id"))
    assert len(renames) == 4
    assert [entry.before["name"] for entry in renames] == ["Alder", *(e.after["name"] for e in renames[:-1])]
    assert Tenant.objects.get().name == renames[-1].after["name"]
