"""Figures over time: every step of them, from rollups and from what is not rolled up yet alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from integrations.events import rollups, series
from integrations.events.series import Figures, series_of_environment, series_of_sources, series_of_tenant
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of
from tenants.models import Tenant
from tests.events.history import attempt, execute

pytestmark = pytest.mark.usefixtures("store")

MakeSource = Callable[..., Source]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def source(tenant: Tenant, make_source: MakeSource) -> Source:
    return make_source(tenant)


def last_hour(source: Source, now: datetime, step: int = 5) -> series.Series:
    return series_of_sources([source.pk], since=now - timedelta(hours=1), until=now, step=step, now=now)


@pytest.mark.parametrize("is_rolled_up", [True, False])
def test_the_figures_are_the_same_before_and_after_they_are_rolled_up(
    source: Source, tenant: Tenant, environment: Environment, now: datetime, is_rolled_up: bool
) -> None:
    for minutes, code in ((2, "accepted"), (2, "InternalFailure"), (31, "accepted"), (33, "ThrottlingException")):
        attempt(source, now - minutes * MINUTE, code, ms=30, size=7)
    execute("update sources_lane set publishable = false")
    execute("insert into pending values (%s, %s)", source.pk, lowest_uuid_of(now - 3 * MINUTE))
    if is_rolled_up:
        rollups.roll_up(now)
    span = {"since": now - timedelta(hours=1), "until": now, "step": 60, "now": now}
    for each in (
        series_of_sources([source.pk], **span),
        series_of_tenant(tenant.pk, **span),
        series_of_environment(environment.pk, **span),
    ):
        totals = each.totals
        assert (totals.accepted, totals.failed, totals.held, totals.bytes) == (2, 2, 1, 14)
        assert totals.failed_by_code == {"InternalFailure": 1, "ThrottlingException": 1}
        assert sum(totals.latency) == totals.latency[3] == 2
        assert (each.complete_until is not None) == is_rolled_up


def test_the_running_minute_is_counted_beside_the_rolled_up_ones_and_nothing_twice(
    source: Source, now: datetime
) -> None:
    attempt(source, now - 3 * MINUTE)
    rollups.roll_up(now)
    attempt(source, now)
    assert last_hour(source, now).totals.accepted == 2
    rollups.roll_up(now + MINUTE)
    assert last_hour(source, now).totals.accepted == 2


def test_every_step_has_a_point_also_where_nothing_happened(source: Source, now: datetime) -> None:
    attempt(source, now - 31 * MINUTE)
    points = last_hour(source, now).points
    moments = list(points)
    assert len(moments) in (12, 13)
    assert all(moment.minute % 5 == 0 for moment in moments)
    assert {later - earlier for earlier, later in pairwise(moments)} == {5 * MINUTE}
    assert [figures.accepted for figures in points.values()].count(1) == 1


@pytest.mark.parametrize("step", [1, 5, 60, 1440])
def test_a_step_begins_where_the_clock_does(source: Source, step: int) -> None:
    now = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
    (first, *_) = series_of_sources([source.pk], since=now, until=now + MINUTE, step=step, now=now).points
    begins = {1: (12, 34), 5: (12, 30), 60: (12, 0), 1440: (0, 0)}[step]
    assert (first.hour, first.minute, first.second) == (*begins, 0)


def test_a_series_ends_before_the_step_that_begins_with_its_end(source: Source) -> None:
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    points = series_of_sources([source.pk], since=noon - 10 * MINUTE, until=noon, step=5, now=noon).points
    assert list(points) == [noon - 10 * MINUTE, noon - 5 * MINUTE]
    assert series.points_between(noon - 10 * MINUTE, noon, 5) == 2
    assert series.points_between(noon - 10 * MINUTE, noon + timedelta(seconds=1), 5) == 3


def test_strangers_are_not_counted(
    source: Source, other_environment: Environment, now: datetime, tenant: Tenant
) -> None:
    attempt(source, now - 2 * MINUTE)
    for _ in range(2):
        span = {"since": now - timedelta(hours=1), "until": now, "step": 5, "now": now}
        assert series_of_environment(other_environment.pk, **span).totals == Figures()
        assert series_of_tenant(tenant.pk + 1, **span).totals == Figures()
        assert series_of_sources([source.pk + 1], **span).totals == Figures()
        rollups.roll_up(now)


def test_minutes_that_are_not_rolled_up_are_read_up_to_a_bound(
    source: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MOST_RUNNING", 3)
    for _ in range(5):
        attempt(source, now)
    assert last_hour(source, now).totals.accepted == 3


class TestPercentiles:
    def test_without_any_there_is_none(self) -> None:
        assert Figures().percentile(0.5) is None

    def test_they_lie_within_the_class_in_which_the_share_falls(self) -> None:
        figures = Figures(latency=[0, 0, 90, 0, 10, 0, 0, 0])  # 90 within 10 to 25 ms, 10 within 50 to 100
        assert figures.percentile(0.5) == pytest.approx(10 + 15 * 50 / 90, abs=0.1)
        assert figures.percentile(0.9) == 25
        assert figures.percentile(0.95) == 75

    def test_beyond_the_last_bound_it_is_the_bound(self) -> None:
        assert Figures(latency=[1, 0, 0, 0, 0, 0, 0, 9]).percentile(0.99) == 1000
