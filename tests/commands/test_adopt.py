"""`manage.py adopt`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.aws import partner_sources
from integrations.reconciliation.models import Adoption
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import AuditEntry, Tenant
from tests.commands.conftest import Said
from tests.sources.conftest import _own_locks

__all__ = ["_own_locks"]  # a fixture: the worker's lock lies in the test database

Manage = Callable[..., Said]
OF_SHOP = ("--environment", "shop", "test")
PREFIX = "aws.partner/shop.example.com.test/old"


@pytest.fixture(autouse=True)
def _offered_to_alder(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """AWS has one source, for Alder's account."""
    settings.CONTROL_CALLS_PER_SECOND = 0

    def accounts_of(_: object, region: str, name: str) -> list[partner_sources.SourceAccount]:
        account = partner_sources.SourceAccount("222222222222", "ACTIVE", None, None)
        return [account] if name == f"{PREFIX}/a" else []

    monkeypatch.setattr(partner_sources, "accounts_of", accounts_of)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.csv"
    path.write_text(f"name,tenant,region\n{PREFIX}/a,alder,eu-west-1\n{PREFIX}/b,alder,eu-west-1\n", "utf-8")
    return path


def test_a_dry_run_tells_every_line_and_adopts_nothing(manage: Manage, tenant: Tenant, file: Path) -> None:
    said = manage("adopt", str(file), *OF_SHOP)
    lines = [line.split("\t")[:3] for line in said.output.splitlines()]
    assert lines == [
        ["2", "adoptable", f"{PREFIX}/a"],
        ["3", "unknown_at_aws", f"{PREFIX}/b"],
        ["1 of 2 would be adopted"],
    ]
    assert (said.code, said.error) == (1, "1 lines need a look.")
    assert Adoption.objects.get().state == "cancelled"
    assert not Source.objects.exists()


def test_applied_it_adopts_what_can_be(manage: Manage, tenant: Tenant, file: Path) -> None:
    said = manage("adopt", str(file), *OF_SHOP, "--apply")
    assert "1 of 2 adopted" in said.output
    assert (Source.objects.get().name, Source.objects.get().tenant) == (f"{PREFIX}/a", tenant)
    assert AuditEntry.objects.get(action="adoption:apply").actor_label == "manage.py adopt"


def test_what_cannot_be_used_is_said_in_a_sentence(manage: Manage, environment: Environment, tmp_path: Path) -> None:
    assert "cannot be read" in manage("adopt", str(tmp_path / "none.csv"), *OF_SHOP).error
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"name,tenant\n\xff,x")
    assert "as UTF-8" in manage("adopt", str(bad), *OF_SHOP).error
    bad.write_text("name\nx", "utf-8")
    assert "has to name the columns" in manage("adopt", str(bad), *OF_SHOP).error
    assert "test or production" in manage("adopt", str(bad), "--environment", "shop", "staging").error
    assert not Adoption.objects.exists()
