"""The audit log."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from structlog.contextvars import bound_contextvars

from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry, Directory, Tenant, User

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def record(**fields: object) -> AuditEntry:
    given: dict[str, object] = {"actor": Actor.system("test"), "object_type": "tenant", "object_id": 7, **fields}
    audit.record(action="tenant:create", at=NOW, **given)  # type: ignore[arg-type]
    return AuditEntry.objects.latest("id")


def test_a_line_says_who_did_what_to_which_object_in_which_request() -> None:
    user = User.objects.create_user("ops@example.com")
    with bound_contextvars(request_id="r-1"):
        entry = record(actor=Actor.person(user), after={"name": "Alder"})
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("person", user.public_id, "ops@example.com")
    assert (entry.at, entry.action, entry.object_type, entry.object_id) == (NOW, "tenant:create", "tenant", "7")
    assert (entry.before, entry.after, entry.request_id) == (None, {"name": "Alder"}, "r-1")


def test_a_label_that_is_too_long_is_cut_and_not_a_reason_to_fail() -> None:
    assert record(actor=Actor.system("x" * 500)).actor_label == "x" * 200


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(action="nothing:happened"),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry(pk=entry.pk, at=NOW, action="x:y", object_type="a", object_id="b").save(),
    ],
    ids=["update", "delete", "delete all", "save over"],
)
def test_the_orm_cannot_change_a_line(change: object) -> None:
    entry = record()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(entry)  # type: ignore[operator]
    assert AuditEntry.objects.get() == entry
    assert AuditEntry.objects.get().action == "tenant:create"


@pytest.mark.parametrize(
    "statement",
    [
        "update tenants_auditentry set actor_label = 'somebody else'",
        "delete from tenants_auditentry",
        "insert into tenants_auditentry select * from tenants_auditentry on conflict (id) do update set action = 'x:y'",
    ],
)
def test_sql_cannot_change_a_line(statement: str) -> None:
    record()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().actor_label == "test"


def test_the_log_outlives_the_tenant_it_speaks_of() -> None:
    directory = Directory.objects.create(name="Orders (test)")
    tenant = Tenant.objects.create(directory=directory, external_id="42", name="Alder", slug="alder")
    entry = record(tenant=tenant)
    tenant_id = tenant.pk
    tenant.delete()
    assert AuditEntry.objects.get(pk=entry.pk).tenant_id == tenant_id
