"""The arithmetic of waiting."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from partnerbus_client import Retries
from partnerbus_client.retries import seconds_until


def test_pauses_double_up_to_the_longest_and_are_spread_over_the_whole_range() -> None:
    retries = Retries(first_pause=1.0, longest_pause=6.0)
    assert [retries.longest(failures) for failures in range(1, 6)] == [1.0, 2.0, 4.0, 6.0, 6.0]
    pauses = [retries.pause(3) for _ in range(500)]
    assert all(0.0 <= pause <= 4.0 for pause in pauses)
    assert min(pauses) < 1.0
    assert max(pauses) > 3.0


def test_a_thousand_failures_are_no_overflow() -> None:
    assert Retries().longest(1_000) == Retries().longest_pause


def test_no_pause_is_shorter_than_the_server_asks() -> None:
    assert all(7.0 <= Retries(first_pause=1.0).pause(1, 7.0) <= 8.0 for _ in range(100))


def test_retry_after_is_seconds_or_a_date() -> None:
    assert seconds_until("120") == 120.0
    in_a_minute = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=1), usegmt=True)
    assert 55.0 < (seconds_until(in_a_minute) or 0.0) <= 60.0
    assert seconds_until("Mon, 01 Jan 2001 00:00:00 GMT") == 0.0


@pytest.mark.parametrize("nonsense", [None, "", "soon", "-5", "1.5.2", "99/99/9999"])
def test_a_retry_after_that_says_nothing_is_none(nonsense: str) -> None:
    assert seconds_until(nonsense) is None


@pytest.mark.parametrize("options", [{"tries": 0}, {"first_pause": -1.0}, {"patience": -1.0}])
def test_impossible_retries_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least once"):
        Retries(**options)  # type: ignore[arg-type]
