"""`manage.py reprovision`."""

from collections.abc import Callable

import pytest

from dashboard.management.commands import reprovision as command
from integrations.reconciliation.models import BulkRenewal
from integrations.reconciliation.tasks import reconcile
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.commands.conftest import Said

Manage = Callable[..., Said]
OF_SHOP = ("reprovision", "shop", "test")


@pytest.fixture
def kicked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The tasks that were started."""
    tasks: list[object] = []
    monkeypatch.setattr(command, "kick", tasks.append)
    return tasks


@pytest.fixture
def ended(tenant: Tenant, make_source: Callable[..., Source]) -> list[Source]:
    make_source(tenant, label="lives")
    return [make_source(tenant, label=end, observed="none", ended=end) for end in ("expired", "gone")]


def test_a_dry_run_counts_and_lists_and_does_nothing(manage: Manage, ended: list[Source], kicked: list[object]) -> None:
    said = manage(*OF_SHOP)
    assert said.output.splitlines() == [f"expired\talder\teu-west-1\t{ended[0].name}", "1 sources match"]
    assert "2 sources match" in manage(*OF_SHOP, "--state", "expired", "--state", "gone", "--tenant", "alder").output
    assert "0 sources match" in manage(*OF_SHOP, "--ended-since", "2999-01-01T00:00Z").output
    assert "0 sources match" in manage(*OF_SHOP, "--region", "us-east-1").output
    assert (BulkRenewal.objects.count(), kicked) == (0, [])


def test_applied_it_is_written_down_for_the_workers(manage: Manage, ended: list[Source], kicked: list[object]) -> None:
    said = manage(*OF_SHOP, "--rate", "7", "--apply")
    assert "1 are provisioned again, 7 a second" in said.output
    renewal = BulkRenewal.objects.get()
    assert (renewal.per_second, renewal.actor_label) == (7, "manage.py reprovision")
    assert [item.source for item in renewal.items.all()] == [ended[0]]
    assert kicked == [reconcile]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--tenant", "nobody"), "has no tenant"),
        (("--rate", "51", "--apply"), "1 to 50"),
        (("--state", "failed", "--apply"), "nothing to do"),
        (("--ended-since", "yesterday"), "a moment with its zone"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    options: tuple[str, ...], told: str, manage: Manage, ended: list[Source], kicked: list[object]
) -> None:
    said = manage(*OF_SHOP, *options)
    assert said.code != 0
    assert told in said.error
    assert (BulkRenewal.objects.count(), kicked) == (0, [])
