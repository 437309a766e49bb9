"""The survey against the simulator: orphans, ghosts, foreign accounts, and what people decide about them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.aws import partner_sources
from integrations.problems import Problem
from integrations.reconciliation import surveying
from integrations.reconciliation.drift_actions import decide, preview
from integrations.reconciliation.drifts import open_drifts
from integrations.reconciliation.models import Drift, Listing, Survey
from integrations.registration.models import Environment
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from integrations.sources.sweep import sweep
from tenants.models import AuditEntry
from tests.reconciliation.conftest import finish
from tests.sandbox.started import ALDER, BIRCH, World
from tests.sources.conftest import BACKEND

Run = Callable[[], None]
ORPHAN = "aws.partner/shop.example.com.test/old/events"
OLD = timedelta(minutes=10)


def observed(source: Source) -> Source:
    """Have the source provisioned and observed; it counts as made before the survey."""
    for _ in range(2):
        Source.objects.filter(pk=source.pk).update(due_at=timezone.now())
        sweep(clock=timezone.now)
    Source.objects.filter(pk=source.pk).update(provisioned_at=timezone.now() - OLD)
    return Source.objects.get(pk=source.pk)


def found() -> list[tuple[str, str, list[str]]]:
    return [(drift.kind, drift.name, drift.accounts) for drift in open_drifts()]


def decided(action: str) -> Drift:
    drift = open_drifts().get()
    decide(drift=drift, action=action, actor=BACKEND, now=timezone.now())
    finish()
    return Drift.objects.get(pk=drift.pk)


def test_where_all_is_well_nothing_is_found(survey: Run, offer: Any, aws: World) -> None:
    observed(offer())
    survey()
    assert found() == []
    states = Survey.objects.values_list("phase", "failure", "listed")
    assert sorted(states) == [("idle", "", 0), ("idle", "", 1)]
    assert all(due > timezone.now() for due in Survey.objects.values_list("due_at", flat=True))


def test_an_orphan_is_found_kept_while_it_is_seen_and_resolves_itself(survey: Run, aws: World) -> None:
    aws.offer(ORPHAN)
    survey()
    assert found() == [("orphan", ORPHAN, [ALDER])]
    first = Drift.objects.get()
    survey()
    again = Drift.objects.get()
    assert (again.pk, again.first_seen_at) == (first.pk, first.first_seen_at)
    assert again.last_seen_at > first.last_seen_at
    aws.withdraw(ORPHAN)
    survey()
    assert found() == []
    assert Drift.objects.get().resolution == "not found any more"
    aws.offer(ORPHAN)
    survey()
    assert Drift.objects.count() == 2


def test_a_name_that_begins_like_ours_is_another_one(survey: Run, offer: Any, aws: World) -> None:
    source = observed(offer())
    aws.offer(f"{source.name}2")
    survey()
    assert found() == [("orphan", f"{source.name}2", [ALDER])]
    aws.withdraw(source.name)
    survey()
    assert ("ghost", source.name, []) in found()


def test_names_of_a_namespace_below_belong_to_its_own_environment(
    survey: Run, environment: Environment, other_environment: Environment, aws: World
) -> None:
    Environment.objects.filter(pk=other_environment.pk).update(namespace=f"{environment.namespace}/inner.test")
    aws.offer(f"{environment.namespace}/inner.test/x/events")
    survey()
    assert [(drift.environment_id, drift.kind) for drift in open_drifts()] == [(other_environment.pk, "orphan")]


def test_a_ghost_is_asked_about_at_once_and_provisioned_again_on_request(survey: Run, offer: Any, aws: World) -> None:
    source = observed(offer())
    aws.withdraw(source.name)
    survey()
    assert found() == [("ghost", source.name, [])]
    source.refresh_from_db()
    assert source.due_at <= timezone.now()
    sweep(clock=timezone.now)
    assert "offered to 2222-2222-2222 again" in preview(open_drifts().get(), "recreate")
    assert decided("recreate").resolution == "recreated"
    sweep(clock=timezone.now)
    assert aws.seen_by_partner(source.name) == "PENDING"
    assert AuditEntry.objects.get(action="drift:recreate").after["will"].startswith(source.name)


def test_a_ghost_that_is_not_wanted_any_more_is_deleted_here(survey: Run, offer: Any, aws: World) -> None:
    source = observed(offer())
    aws.withdraw(source.name)
    survey()
    assert decided("delete").resolution == "deleted"
    source.refresh_from_db()
    assert source.desired == "absent"


def test_a_ghost_that_aws_has_after_all_says_so_and_waits(survey: Run, offer: Any, aws: World) -> None:
    source = observed(offer())
    aws.withdraw(source.name)
    survey()
    aws.offer(source.name)
    drift = open_drifts().get()
    decide(drift=drift, action="recreate", actor=BACKEND, now=timezone.now())
    sweep(clock=timezone.now)
    finish()
    drift.refresh_from_db()
    assert "This source is pending" in drift.failure
    survey()
    assert found() == []


def test_a_name_that_is_offered_to_another_account_is_foreign_and_never_taken_for_ours(
    survey: Run, offer: Any, aws: World
) -> None:
    source = observed(offer())
    aws.withdraw(source.name)
    aws.offer(source.name, BIRCH)
    Source.objects.filter(pk=source.pk).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    survey()
    assert found() == [("foreign", source.name, [BIRCH])]
    assert "back from 3333-3333-3333" in preview(open_drifts().get(), "recreate")
    assert decided("recreate").resolution == "recreated"
    sweep(clock=timezone.now)
    accounts = partner_sources.accounts_of(source.environment.publisher, "eu-west-1", source.name)
    assert [row.account for row in accounts] == [ALDER]


def test_an_orphan_is_deleted_at_aws_only_while_it_is_nobodys(survey: Run, aws: World) -> None:
    aws.offer(ORPHAN)
    survey()
    assert "cannot be undone" in preview(open_drifts().get(), "delete")
    assert decided("delete").resolution == "deleted"
    assert aws.seen_by_partner(ORPHAN) == "none"


def test_what_was_decided_is_not_done_to_a_source_that_became_ours(
    survey: Run, make_source: Any, tenant: Any, aws: World
) -> None:
    aws.offer(ORPHAN)
    survey()
    decide(drift=open_drifts().get(), action="delete", actor=BACKEND, now=timezone.now())
    Source.objects.filter(pk=make_source(tenant).pk).update(name=ORPHAN)
    finish()
    assert aws.seen_by_partner(ORPHAN) == "PENDING"


def test_what_does_not_fit_is_refused(survey: Run, aws: World) -> None:
    aws.offer(ORPHAN)
    survey()
    drift = open_drifts().get()
    for action in ("recreate", "adopt", "nonsense"):
        with pytest.raises(Problem, match=r"cannot be taken care of|file that names"):
            decide(drift=drift, action=action, actor=BACKEND, now=timezone.now())
    seen = open_drifts().get()
    Drift.objects.update(accounts=[BIRCH])
    with pytest.raises(Problem, match="Look at it again"):
        decide(drift=seen, action="delete", actor=BACKEND, now=timezone.now())


def test_a_survey_that_is_killed_goes_on_where_it_was_and_pages_are_read_once(
    environment: Environment, aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_sources, "PAGE_SIZE", 3)
    for number in range(8):
        aws.offer(f"aws.partner/shop.example.com.test/old/{number}")
    surveying.plan_surveys(timezone.now())
    Survey.objects.exclude(region="eu-west-1").delete()
    survey = surveying.claim_survey(timezone.now())
    assert survey is not None
    surveying.advance_survey(survey, timezone.now)
    assert (Listing.objects.count(), surveying.claim_survey(timezone.now()) is None) == (3, False)
    Survey.objects.update(due_at=timezone.now())  # the claimer was killed, and its minute is over
    finish()
    assert Drift.objects.filter(kind="orphan").count() == 8
    assert Survey.objects.get().listed == 8


def test_an_error_of_aws_is_written_down_and_the_survey_goes_on_later(survey: Run, aws: World) -> None:
    aws.offer(ORPHAN)
    aws.faults(credentials_error="ExpiredTokenException")
    survey()
    assert all(row.failure and row.tries == 1 for row in Survey.objects.all())
    assert {row.failure_code for row in Survey.objects.all()} == {"ExpiredTokenException"}
    assert all(row.failure_message not in row.failure for row in Survey.objects.all())
    aws.faults()
    survey()
    assert found() == [("orphan", ORPHAN, [ALDER])]
    assert not Survey.objects.exclude(failure="").exists()


def test_a_source_made_during_the_survey_is_neither_orphan_nor_ghost(survey: Run, offer: Any, aws: World) -> None:
    source = offer()
    aws.offer(source.name)  # its call was made, and its outcome is not committed yet
    survey()
    assert found() == []
    sweep(clock=timezone.now)
    assert shown_state(Source.objects.get(pk=source.pk)) in ("requested", "pending")


def test_nobody_surveys_without_a_publisher_account(environment: Environment) -> None:
    Environment.objects.update(publisher_account="")
    surveying.plan_surveys(timezone.now())
    assert not Survey.objects.exists()
