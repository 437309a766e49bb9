"""Public identifiers."""

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tenants import identifiers
from tenants.identifiers import lowest_uuid_of, moment_of, uuid7, uuid7s


def test_an_identifier_is_a_uuid_of_version_7_and_the_standard_variant() -> None:
    made = uuid7()
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_identifiers_ascend_in_the_order_of_their_making() -> None:
    made = [uuid7() for _ in range(5_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_more_than_a_milliseconds_worth_at_once_still_ascends() -> None:
    made = [UUID(bytes=made) for made in uuid7s(10_000)]  # the counter holds 4,096
    assert made == sorted(made)
    assert len(set(made)) == 10_000
    assert {each.version for each in made} == {7}
    assert uuid7() > made[-1]


def test_none_at_all_is_an_empty_list() -> None:
    assert uuid7s(0) == []


def test_threads_never_make_the_same_identifier() -> None:
    made: list[uuid.UUID] = []
    start = threading.Barrier(4)

    def make() -> None:
        start.wait()
        mine = [uuid7() for _ in range(1_000)] + [UUID(bytes=made) for made in uuid7s(1_000)]
        assert mine == sorted(mine)
        made.extend(mine)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8_000
    assert len({each.int >> 64 for each in made}) == 8_000


def test_identifiers_ascend_while_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uuid7()
    past = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: past)
    assert uuid7() > before


def test_an_identifier_tells_when_it_was_made() -> None:
    before = datetime.now(UTC)
    told = moment_of(uuid7())
    # Earlier tests of this process may have run the counter some milliseconds ahead of the clock.
    assert before - timedelta(milliseconds=1) <= told <= datetime.now(UTC) + timedelta(seconds=1)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, tzinfo=UTC),
        datetime(2026, 11, 23, 0, 0, 0, 1_000, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
        datetime(2262, 4, 11, tzinfo=UTC),
    ],
)
def test_the_lowest_identifier_of_a_moment_carries_exactly_that_moment(moment: datetime) -> None:
    lowest = lowest_uuid_of(moment)
    assert moment_of(lowest) == moment
    assert lowest.int & (1 << 80) - 1 == 0


def test_the_lowest_identifiers_of_two_days_enclose_what_was_made_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifiers, "_last", 0)
    day = datetime(2026, 11, 23, tzinfo=UTC)
    for moment in (day, day + timedelta(hours=24, milliseconds=-1)):
        monkeypatch.setattr(identifiers.time, "time_ns", lambda at=moment: round(at.timestamp() * 1000) * 1_000_000)
        assert lowest_uuid_of(day) <= uuid7() < lowest_uuid_of(day + timedelta(days=1))
