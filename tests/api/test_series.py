"""`GET /api/v1/series`: figures over time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from integrations.sources.models import Source
from tenants.models import Tenant
from tests.api.conftest import Call, problem
from tests.events.history import attempt

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def source(tenant: Tenant, make_source: Callable[..., Source], now: datetime) -> Source:
    """A source with two accepted entries and one that failed, a few minutes ago."""
    source = make_source(tenant)
    for code in ("accepted", "accepted", "InternalFailure"):
        attempt(source, now - timedelta(minutes=3), code, ms=20, size=50)
    return source


def series(call: Call, **asked: str) -> Any:
    answer = call("GET", f"/series?{urlencode(asked)}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_environment_a_tenant_and_a_source_have_their_figures(call: Call, source: Source) -> None:
    for asked in ({}, {"tenant": "alder"}, {"source": str(source.public_id)}):
        answer = series(call, step="60", **asked)
        totals = answer["totals"]
        assert (totals["accepted"], totals["failed"], totals["held"], totals["bytes"]) == (2, 1, 0, 100)
        assert totals["failed_by_code"] == {"InternalFailure": 1}
        assert 10 < totals["latency"]["p50"] < totals["latency"]["p99"] <= 25
        assert len(answer["points"]) in (24, 25)
        assert sum(point["accepted"] for point in answer["points"]) == 2


def test_a_time_without_anything_has_points_and_no_latency(call: Call, source: Source, now: datetime) -> None:
    span = {"from": (now - timedelta(days=3)).isoformat(), "to": (now - timedelta(days=2)).isoformat()}
    answer = series(call, step="1440", **span)
    assert answer["totals"]["latency"] == {"p50": None, "p95": None, "p99": None}
    assert len(answer["points"]) == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"step": "7"}, "step_invalid"),
        ({"step": "day"}, "invalid_request"),
        ({"from": "yesterday"}, "invalid_request"),
        ({"from": "2026-11-23T15:47:37"}, "invalid_request"),
        ({"source": "events"}, "invalid_request"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "period_empty"),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z", "step": "1"}, "period_too_long"),
        ({"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z", "step": "1440"}, "period_too_long"),
    ],
)
def test_what_cannot_be_answered_is_422(call: Call, source: Source, asked: dict[str, str], code: str) -> None:
    problem(call("GET", f"/series?{urlencode(asked)}"), 422, code)


def test_strangers_get_404_or_nothing(call: Call, other_key: str, source: Source) -> None:
    problem(call("GET", f"/series?source={source.public_id}", key=other_key), 404, "source_unknown")
    problem(call("GET", f"/series?source={uuid4()}"), 404, "source_unknown")
    problem(call("GET", "/series?tenant=alder", key=other_key), 404, "tenant_unknown")
    assert call("GET", "/series", key=other_key).json()["totals"]["accepted"] == 0


def test_a_source_of_another_tenant_is_404(call: Call, source: Source) -> None:
    call("PUT", "/tenants/birch")
    problem(call("GET", f"/series?tenant=birch&source={source.public_id}"), 404, "source_unknown")


def test_the_scope_is_needed(call: Call, key_with: Callable[..., str], tenant: Tenant) -> None:
    assert call("GET", "/series", key=key_with("events:read")).status_code == 200
    problem(call("GET", "/series", key=key_with("sources:read")), 403, "scope_missing")
    problem(call("GET", "/series", key=None), 401, "key_missing")
