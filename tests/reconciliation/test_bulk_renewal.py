"""Provisioning many sources again."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from integrations.problems import Problem
from integrations.reconciliation.bulk_renewal import (
    RenewalFilter,
    advance_bulk_renewal,
    cancel_bulk_renewal,
    claim_bulk_renewal,
    matching,
    request_bulk_renewal,
)
from integrations.reconciliation.models import BulkRenewal
from integrations.registration.models import Environment
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from tenants.models import AuditEntry, Tenant
from tests.sources.conftest import BACKEND


@pytest.fixture
def ended(make_source: Any, make_tenant: Any, tenant: Tenant, environment: Environment) -> dict[str, Source]:
    """One source of each end, and some that have not ended."""
    birch = make_tenant(environment)
    week = timezone.now() - timedelta(days=7)
    fields: dict[str, dict[str, Any]] = {
        "expired": {"observed": "none", "ended": "expired"},
        "gone": {"observed": "none", "ended": "gone"},
        "failed": {"observed": "unknown", "failure_final": True, "failure_code": "LimitExceeded"},
        "active": {"observed": "active"},
        "deleted": {"observed": "none", "ended": "gone", "desired": "absent"},
    }
    made = {label: make_source(tenant, label=label, **more) for label, more in fields.items()}
    made["birch"] = make_source(birch, label="b", observed="none", ended="expired")
    made["us"] = make_source(birch, label="us", region="us-east-1", observed="none", ended="expired")
    Source.objects.filter(pk=made["us"].pk).update(observed_at=week)
    Source.objects.filter(pk=made["failed"].pk).update(provisioned_at=None)
    return made


def run(renewal: BulkRenewal, at: datetime, times: int) -> BulkRenewal:
    moments = [at + timedelta(seconds=second) for second in range(times)]
    for moment in moments:
        claimed = claim_bulk_renewal(moment)
        if claimed is not None:
            advance_bulk_renewal(claimed, partial(datetime.fromtimestamp, moment.timestamp(), UTC))
    return BulkRenewal.objects.get(pk=renewal.pk)


def labels(wanted: RenewalFilter) -> set[str]:
    return {source.label for source in matching(wanted)}


def test_the_filter_finds_what_has_ended_and_nothing_else(
    environment: Environment, tenant: Tenant, ended: dict[str, Source]
) -> None:
    every = ("expired", "gone", "failed")
    assert labels(RenewalFilter(environment)) == {"expired", "b", "us"}
    assert labels(RenewalFilter(environment, every)) == {"expired", "gone", "failed", "b", "us"}
    assert labels(RenewalFilter(environment, every, tenant)) == {"expired", "gone", "failed"}
    assert labels(RenewalFilter(environment, every, region="us-east-1")) == {"us"}
    since = timezone.now() - timedelta(days=1)
    assert labels(RenewalFilter(environment, ended_since=since)) == {"expired", "b"}
    with pytest.raises(Problem, match="States are"):
        matching(RenewalFilter(environment, ("active",)))


def test_another_environment_is_never_touched(other_environment: Environment, ended: dict[str, Source]) -> None:
    with pytest.raises(Problem, match="No source matches"):
        request_bulk_renewal(wanted=RenewalFilter(other_environment), actor=BACKEND, now=timezone.now())


def test_they_are_provisioned_again_at_the_rate_and_counted(
    environment: Environment, ended: dict[str, Source], now: datetime
) -> None:
    renewal = request_bulk_renewal(wanted=RenewalFilter(environment), per_second=1, actor=BACKEND, now=now)
    assert claim_bulk_renewal(now - timedelta(seconds=1)) is None
    renewal = run(renewal, now, 1)
    assert (renewal.done, renewal.total, renewal.state) == (1, 3, "running")
    assert claim_bulk_renewal(now) is None
    renewal = run(renewal, now + timedelta(seconds=1), 3)
    assert (renewal.done, renewal.state, renewal.due_at) == (3, "done", None)
    assert {shown_state(Source.objects.get(pk=ended[label].pk)) for label in ("expired", "birch", "us")} == {
        "requested"
    }
    assert shown_state(Source.objects.get(pk=ended["gone"].pk)) == "gone"
    assert AuditEntry.objects.filter(action="source:offer-again").count() == 3
    assert AuditEntry.objects.get(action="bulk-renewal:request").after["total"] == 3


def test_a_killed_worker_repeats_nothing_and_leaves_out_nothing(
    environment: Environment, ended: dict[str, Source], now: datetime
) -> None:
    renewal = request_bulk_renewal(wanted=RenewalFilter(environment), per_second=50, actor=BACKEND, now=now)
    assert claim_bulk_renewal(now) is not None  # and it was killed
    assert claim_bulk_renewal(now) is None
    renewal = run(renewal, now + timedelta(minutes=2), 4)
    assert (renewal.done, renewal.skipped, renewal.state) == (3, 0, "done")
    assert set(Source.objects.filter(ended="", intent=2).values_list("label", flat=True)) == {"expired", "b", "us"}


def test_what_was_dealt_with_meanwhile_is_skipped_with_its_reason(
    environment: Environment, ended: dict[str, Source], now: datetime
) -> None:
    renewal = request_bulk_renewal(wanted=RenewalFilter(environment), actor=BACKEND, now=now)
    Source.objects.filter(pk=ended["birch"].pk).update(ended="", observed="active")
    renewal = run(renewal, now, 4)
    assert (renewal.done, renewal.skipped) == (2, 1)
    assert renewal.items.get(source=ended["birch"]).outcome == "source_not_ended"


def test_cancelling_stops_before_the_next_one(
    environment: Environment, ended: dict[str, Source], now: datetime
) -> None:
    renewal = request_bulk_renewal(wanted=RenewalFilter(environment), per_second=1, actor=BACKEND, now=now)
    run(renewal, now, 1)
    claimed = claim_bulk_renewal(now + timedelta(seconds=5))
    assert claimed is not None
    cancel_bulk_renewal(renewal=renewal, actor=BACKEND, now=now)
    advance_bulk_renewal(claimed, lambda: now)
    assert BulkRenewal.objects.get().done == 1
    with pytest.raises(Problem, match="nothing left to cancel"):
        cancel_bulk_renewal(renewal=renewal, actor=BACKEND, now=now)


def test_the_command_stops_what_goes_on_in_its_environment(
    environment: Environment, ended: dict[str, Source], now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    request_bulk_renewal(wanted=RenewalFilter(environment), per_second=1, actor=BACKEND, now=now)
    for said in ("Stopped after 0 of 3 sources\n", ""):
        call_command("reprovision", environment.integration.slug, environment.kind, "--stop")
        assert capsys.readouterr().out == said
    assert BulkRenewal.objects.get().state == "cancelled"
