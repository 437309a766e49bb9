from datetime import UTC, datetime, timedelta

import pytest

from integrations.sources.models import Source
from integrations.sources.timing import next_check, next_try

NOW = datetime(2026, 5, 1, tzinfo=UTC)
YOUNG, OLD = NOW - timedelta(minutes=14), NOW - timedelta(minutes=16)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"observed": "pending", "provisioned_at": YOUNG}, 5),
        ({"observed": "unknown", "provisioned_at": YOUNG}, 5),
        ({"observed": "pending", "provisioned_at": OLD}, 60),
        ({"observed": "active", "provisioned_at": YOUNG}, 300),
        ({"observed": "none", "provisioned_at": OLD, "ended": "gone"}, 3600),
        ({"observed": "active", "provisioned_at": OLD, "suspect_since": NOW}, 1),
    ],
)
def test_aws_is_asked_again_after_a_pause_that_fits_the_state(fields: dict[str, object], seconds: int) -> None:
    for _ in range(20):
        again_at = next_check(Source(**fields), NOW)
        assert again_at is not None
        assert 0.9 * seconds <= (again_at - NOW).total_seconds() <= 1.1 * seconds


def test_nobody_asks_about_a_source_that_is_not_wanted() -> None:
    assert next_check(Source(desired="absent", observed="none"), NOW) is None


@pytest.mark.parametrize(("tries", "seconds"), [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (1000, 300)])
def test_failed_calls_are_repeated_ever_later_up_to_five_minutes(tries: int, seconds: int) -> None:
    assert 0.9 * seconds <= (next_try(tries, NOW) - NOW).total_seconds() <= 1.1 * seconds


def test_sources_that_fell_due_together_do_not_stay_together() -> None:
    source = Source(observed="active", provisioned_at=OLD)
    assert len({next_check(source, NOW) for _ in range(10)}) > 1
