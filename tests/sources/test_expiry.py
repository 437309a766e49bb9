"""Offers that end: each step of reminding once, and making them again by themselves."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.registration.policies import set_policies
from integrations.sources.automatic_renewal import renew_expired
from integrations.sources.models import ExpiryReminder, Lane, Source, SourceChange
from integrations.sources.observation import Answer, record_answer
from integrations.sources.reminders import remind
from integrations.sources.renewal import reprovision
from integrations.sources.states import shown_state
from tenants.models import AuditEntry, Tenant
from tests.sources.conftest import BACKEND

HOUR = timedelta(hours=1)


def says(source: Source, state: str | None, at: datetime, expires_at: datetime | None = None) -> Source:
    """AWS says this of the source, asked at this moment."""
    record_answer(Source.objects.get(pk=source.pk), Answer(state, expires_at), asked_at=at, now=at)  # type: ignore[arg-type]
    return Source.objects.get(pk=source.pk)


@pytest.fixture
def offered(make_source: Any, tenant: Tenant, now: datetime) -> Source:
    """Pending since now, for four days."""
    source = make_source(tenant, observed="unknown")
    return says(source, "pending", now, now + 96 * HOUR)


def steps() -> list[int]:
    return list(ExpiryReminder.objects.order_by("id").values_list("hours", flat=True))


def test_every_step_of_the_ladder_is_reached_once(offered: Source, now: datetime) -> None:
    seen = []
    for hours in (0, 23, 25, 26, 71, 73, 74, 91, 95, 97, 200):
        remind(now + hours * HOUR)
        seen.append(len(steps()))
    assert seen == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 3]
    assert steps() == [72, 24, 6]


def test_after_a_time_without_the_job_only_the_last_step_is_told(offered: Source, now: datetime) -> None:
    assert [remind(now + 92 * HOUR), remind(now + 93 * HOUR)] == [1, 0]
    assert steps() == [6]


def test_a_moment_that_aws_corrects_does_not_repeat_a_step(offered: Source, now: datetime) -> None:
    remind(now + 30 * HOUR)
    says(offered, "pending", now + 31 * HOUR, now + 97 * HOUR)
    remind(now + 32 * HOUR)
    assert steps() == [72]


def test_a_source_that_is_offered_again_climbs_the_ladder_anew(offered: Source, now: datetime) -> None:
    remind(now + 95 * HOUR)
    again = says(offered, None, now + 97 * HOUR)
    reprovision(source=again, actor=BACKEND, now=now + 98 * HOUR)
    says(offered, "pending", now + 99 * HOUR, now + 199 * HOUR)
    remind(now + 195 * HOUR)
    assert steps() == [6, 6]


@pytest.mark.parametrize("fields", [{"observed": "active"}, {"desired": "absent"}])
def test_what_nobody_waits_for_is_not_told(offered: Source, now: datetime, fields: dict[str, Any]) -> None:
    Source.objects.filter(pk=offered.pk).update(**fields)
    assert remind(now + 95 * HOUR) == 0


def test_the_ladder_is_a_setting(offered: Source, now: datetime, settings: Any) -> None:
    settings.EXPIRY_REMINDER_HOURS = [48]
    remind(now + 49 * HOUR)
    assert steps() == [48]
    settings.EXPIRY_REMINDER_HOURS = []
    assert remind(now + 95 * HOUR) == 0


def test_without_a_policy_an_expired_offer_waits_for_people_and_its_gate_is_closed(
    offered: Source, now: datetime
) -> None:
    source = says(offered, None, now + 97 * HOUR)
    assert (shown_state(source), Lane.objects.get(source=source).publishable) == ("expired", False)
    assert renew_expired(now + 98 * HOUR) == 0


def test_an_expired_offer_is_made_again_as_often_as_its_environment_says(offered: Source, now: datetime) -> None:
    set_policies(environment=offered.environment, expiry_renewals=2, actor=BACKEND, now=now)
    done = []
    for hours in (100, 200, 300):
        says(offered, None, now + hours * HOUR)
        done.append(renew_expired(now + hours * HOUR + HOUR / 2))
        assert renew_expired(now + hours * HOUR + HOUR / 2) == 0
        if done[-1]:
            Source.objects.filter(pk=offered.pk).update(provisioned_at=now + hours * HOUR + HOUR / 2)
            says(offered, "pending", now + hours * HOUR + HOUR)
    assert done == [1, 1, 0]
    notes = SourceChange.objects.filter(cause="schedule").order_by("id").values_list("note", flat=True)
    assert [note[:37] for note in notes] == [
        "Offered again by itself, 1 of 2 times",
        "Offered again by itself, 2 of 2 times",
    ]
    assert AuditEntry.objects.filter(action="source:offer-again", actor_label="expiry policy").count() == 2


def test_an_acceptance_lets_the_count_begin_anew(offered: Source, now: datetime) -> None:
    Source.objects.filter(pk=offered.pk).update(renewals=2)
    assert says(offered, "active", now + HOUR).renewals == 0


def test_a_paused_or_deleted_source_is_not_offered_again(offered: Source, now: datetime) -> None:
    set_policies(environment=offered.environment, expiry_renewals=2, actor=BACKEND, now=now)
    says(offered, None, now + 97 * HOUR)
    Source.objects.filter(pk=offered.pk).update(desired="paused")
    assert renew_expired(now + 98 * HOUR) == 0


def test_the_job_is_started_by_the_beat(offered: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.celery import app
    from integrations.sources import tasks

    kicked: list[Any] = []
    monkeypatch.setattr(tasks, "kick", kicked.append)
    Source.objects.filter(pk=offered.pk).update(
        observed="none", ended="expired", environment=offered.environment_id, due_at=timezone.now() + HOUR
    )
    set_policies(environment=offered.environment, expiry_renewals=1, actor=BACKEND, now=timezone.now())
    tasks.tend_offers()
    assert kicked == [tasks.advance_sources]
    assert tasks.tend_offers.name in {entry["task"] for entry in app.conf.beat_schedule.values()}
