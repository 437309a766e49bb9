"""Pacing: publishers on sessions of their own share AWS's quota, and slow down and recover together."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.events import session
from integrations.events.pacing import LOWEST_RATE, RECOVERY_SECONDS, SLOWED_TO, Pace, rate_at
from tests.events.conftest import WAITING, own_session, rows

HERE = ("111111111111", "eu-west-1")
THERE = ("111111111111", "us-east-1")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """Monotonic seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class AwsQuota:
    """AWS's side: a token bucket that was full, and how many calls it throttled."""

    def __init__(self, clock: Clock, rate: float = 1_400, burst: float = 3_600) -> None:
        self._clock, self._rate, self._burst = clock, rate, burst
        self._left, self._filled_at = burst, clock()
        self.passed = self.throttled = 0

    def call(self, calls: int) -> None:
        self._left = min(self._burst, self._left + self._rate * (self._clock() - self._filled_at))
        self._filled_at = self._clock()
        passed = min(calls, int(self._left + 1e-3))
        self._left -= passed
        self.passed += passed
        self.throttled += calls - passed


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(committed: None, settings: Any) -> Iterator[psycopg.Connection]:
    """A session to look with; nobody was throttled yet."""
    settings.PUBLISHERS = 9
    with own_session(settings) as watcher:
        watcher.execute("delete from pace")
        yield watcher
        watcher.execute("delete from pace")


@pytest.fixture
def publish(database: psycopg.Connection, clock: Clock) -> Iterator[Callable[[], Pace]]:
    """Begin to publish on a session of one's own that holds a slot; return its pace."""
    with ExitStack() as sessions:

        def begin() -> Pace:
            own = sessions.enter_context(session.open_session())
            assert session.take_slot(own) is not None
            return Pace(own, clock)

        yield begin


def end(pace: Pace) -> None:
    """End a publisher as its death would: PostgreSQL notices the lost session and frees its locks."""
    pid = pace._connection.info.backend_pid
    pace._connection.close()
    while rows("select 1 from pg_locks where pid = %s", pid):
        time.sleep(0.001)


def refresh(clock: Clock, *paces: Pace, seconds: int = 1) -> None:
    for _ in range(seconds):
        clock.pass_by(1.0)
        for pace in paces:
            pace.refresh()


def stored_rate(database: psycopg.Connection) -> float | None:
    row = database.execute("select calls_per_second from pace").fetchone()
    return None if row is None else round(row[0], 1)


def age(database: psycopg.Connection, seconds: float) -> None:
    """Let time pass in the database."""
    database.execute("update pace set changed_at = changed_at - make_interval(secs => %s)", [seconds])


def test_a_lone_publisher_has_the_whole_quota_and_its_burst_after_a_quiet_time(
    publish: Callable[[], Pace], clock: Clock
) -> None:
    pace = publish()
    assert pace.take(*HERE, 20) == 0
    clock.pass_by(1)
    assert (pace.take(*HERE, 1_000), pace.take(*HERE, 1_000)) == (1_000, 400)
    clock.pass_by(60)
    assert (pace.take(*HERE, 9_999), pace.take(*THERE, 9_999)) == (3_600, 3_600)
    assert pace.take(*HERE, 1) == 0


def test_one_call_may_be_made_exactly_when_it_was_said(publish: Callable[[], Pace], clock: Clock) -> None:
    pace = publish()
    for _ in range(50):
        wait = pace.seconds_until(*HERE)
        assert 0 < wait < 0.001
        clock.pass_by(wait)
        assert pace.seconds_until(*HERE) < 1e-9
        assert pace.take(*HERE, 20) == 1


def test_live_publishers_share_the_quota_and_the_last_one_has_it_all(publish: Callable[[], Pace], clock: Clock) -> None:
    first, second = publish(), publish()
    refresh(clock, first, second, seconds=10)
    assert (first.take(*HERE, 9_999), second.take(*HERE, 9_999)) == (1_800, 1_800)
    refresh(clock, first, second)
    assert (first.take(*HERE, 9_999), second.take(*HERE, 9_999)) == (700, 700)
    end(second)
    refresh(clock, first, seconds=3)
    first.take(*HERE, 9_999)
    refresh(clock, first)
    assert first.take(*HERE, 9_999) == 1_400


def test_a_place_not_called_yet_saved_nothing_from_the_share_of_a_publisher_that_died(
    publish: Callable[[], Pace], clock: Clock
) -> None:
    first, second = publish(), publish()
    refresh(clock, first, second, seconds=10)
    end(second)
    refresh(clock, first, seconds=3)
    assert first.take(*THERE, 9_999) == 0
    clock.pass_by(1)
    assert first.take(*THERE, 9_999) == 1_400


def test_a_publisher_that_is_succeeded_at_once_leaves_the_shares_of_the_others_as_they_are(
    publish: Callable[[], Pace], clock: Clock
) -> None:
    steady, other = publish(), publish()
    refresh(clock, steady, other, seconds=5)
    steady.take(*HERE, 9_999)
    end(other)
    refresh(clock, steady)  # it looks just now
    publish()
    refresh(clock, steady)
    assert steady.take(*HERE, 9_999) == 2 * 700


def test_restarts_never_exceed_the_quota_however_many(publish: Callable[[], Pace], clock: Clock) -> None:
    aws, began = AwsQuota(clock), clock()
    aws.call(3_600)  # its burst is spent
    for lifetime in (45, 1, 1, 0.1, 0.1, 3, 45, 20, 0.5, 0.5, 5, 45):
        pace = publish()
        ends = clock() + lifetime
        while clock() < ends:
            clock.pass_by(max(0.02, pace.seconds_until(*HERE)))
            pace.refresh()
            aws.call(pace.take(*HERE, 400))
        end(pace)
    assert aws.throttled == 0
    assert aws.passed - 3_600 > 0.99 * 1_400 * (clock() - began)


def test_a_successor_in_another_process_does_not_spend_the_burst_that_was_just_spent(
    publish: Callable[[], Pace], clock: Clock
) -> None:
    aws = AwsQuota(clock)
    for _ in range(6):
        pace = publish()
        refresh(clock, pace, seconds=40)
        aws.call(pace.take(*HERE, 9_999))
        end(pace)
    assert (aws.passed, aws.throttled) == (6 * 3_600, 0)


def test_publishers_that_rest_and_work_by_turns_stay_within_the_quota(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    first, second, aws = publish(), publish(), AwsQuota(clock)
    second.leave()
    for worker, resting in [(first, second), (second, first)] * 4:
        refresh(clock, worker, seconds=3)
        aws.call(worker.take(*HERE, 9_999))
        worker.leave()
        resting.join()
        aws.call(resting.take(*HERE, 9_999))
    assert (aws.throttled, aws.passed > 0) == (0, True)


def test_four_publishers_in_steady_work_stay_within_the_quota(publish: Callable[[], Pace], clock: Clock) -> None:
    paces, aws = [publish() for _ in range(4)], AwsQuota(clock)
    refresh(clock, *paces)
    began = clock()
    for turn in range(600):
        clock.pass_by(0.02)
        for pace in paces:
            pace.refresh()
            aws.call(pace.take(*HERE, 100))
        if turn % 100 == 99:  # one after the other ends and is succeeded
            end(paces.pop(0))
            paces.append(publish())
    assert aws.throttled <= 0.01 * aws.passed
    assert aws.passed > 0.95 * 1_400 * (clock() - began)


def test_throttling_of_one_publisher_slows_the_other_within_a_second(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    throttled, other = publish(), publish()
    refresh(clock, throttled, other, seconds=5)
    throttled.throttled(*HERE)
    assert throttled.take(*HERE, 9_999) == 0
    assert stored_rate(database) == 980
    refresh(clock, throttled, other)
    assert other.take(*HERE, 9_999) == 0  # AWS's bucket is empty, whatever this publisher had saved
    clock.pass_by(1)
    assert 485 <= other.take(*HERE, 9_999) <= 495
    assert other.take(*THERE, 9_999) == 1_800  # a region has its own quota


def test_a_slice_of_throttled_calls_lowers_the_rate_once_a_second_over_all_publishers(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    first, second = publish(), publish()
    for pace in (first, first, second, first, second):
        pace.throttled(*HERE)
    assert stored_rate(database) == 980
    clock.pass_by(1)
    age(database, 1)
    for pace in (second, first, second):
        pace.throttled(*HERE)
    assert stored_rate(database) == pytest.approx((980 + 1_400 / RECOVERY_SECONDS) * SLOWED_TO, abs=0.5)


def test_two_publishers_throttled_at_the_same_moment_lower_the_rate_once(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection, settings: Any
) -> None:
    first, second = publish(), publish()
    first.throttled(*HERE)
    age(database, 10)
    clock.pass_by(10)
    with own_session(settings) as other:
        other.execute("begin")
        other.execute("update pace set calls_per_second = 500, changed_at = now()")
        second._connection.execute("set lock_timeout = '10s'")
        waiting = threading.Thread(target=second.throttled, args=HERE)
        waiting.start()
        while database.execute(WAITING).fetchone() == (0,):
            assert waiting.is_alive()
        other.execute("commit")
        waiting.join()
    assert stored_rate(database) == 500


def test_the_rate_never_falls_below_the_floor(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    pace = publish()
    for _ in range(30):
        pace.throttled(*HERE)
        clock.pass_by(1)
        age(database, 1)
    database.execute("update pace set calls_per_second = 3")
    pace.throttled(*HERE)
    assert stored_rate(database) == LOWEST_RATE
    refresh(clock, pace, seconds=2)
    assert pace.take(*HERE, 9_999) >= 10


def test_a_lowered_rate_recovers_within_minutes_and_its_row_goes(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    pace = publish()
    pace.throttled(*HERE)
    taken = []
    for _ in range(7):
        age(database, 20)
        refresh(clock, pace)
        taken.append(pace.take(*HERE, 9_999))
        clock.pass_by(1)
        taken[-1] = pace.take(*HERE, 9_999)
    assert taken == sorted(taken)
    assert taken[0] == pytest.approx(980 + 1_400 * 20 / RECOVERY_SECONDS, abs=15)
    assert taken[-1] == 1_400
    age(database, RECOVERY_SECONDS)
    refresh(clock, pace)
    assert stored_rate(database) is None


def test_a_rate_lowered_by_a_clock_that_was_ahead_is_forgotten(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    database.execute("insert into pace values ('111111111111', 'eu-west-1', 10, now() + interval '9 days')")
    pace = publish()
    assert stored_rate(database) is None
    clock.pass_by(1)
    assert pace.take(*HERE, 9_999) == 1_400


def test_the_database_is_asked_at_most_once_a_second(
    publish: Callable[[], Pace], clock: Clock, database: psycopg.Connection
) -> None:
    pace = publish()
    ((pid,),) = pace._connection.execute("select pg_backend_pid()").fetchall()

    def last_query() -> tuple[Any, ...] | None:
        return database.execute("select query_start from pg_stat_activity where pid = %s", [pid]).fetchone()

    before = last_query()
    for _ in range(9):
        clock.pass_by(0.1)
        pace.refresh()
        pace.take(*HERE, 1)
    assert last_query() == before
    clock.pass_by(0.2)
    pace.refresh()
    assert last_query() != before


def test_without_a_limit_everything_may_be_sent_at_once(
    publish: Callable[[], Pace], database: psycopg.Connection, settings: Any
) -> None:
    settings.PARTNER_CALLS_PER_SECOND = 0
    pace = publish()
    pace.throttled(*HERE)
    assert (pace.take(*HERE, 100_000), pace.seconds_until(*HERE), stored_rate(database)) == (100_000, 0.0, None)


def test_a_share_below_one_call_still_lets_a_call_through(
    publish: Callable[[], Pace], clock: Clock, settings: Any
) -> None:
    settings.PARTNER_CALLS_PER_SECOND, settings.PARTNER_CALLS_BURST = 2, 1
    paces = [publish() for _ in range(4)]
    refresh(clock, *paces)
    for pace in paces:
        pace.take(*HERE, 1)
        clock.pass_by(pace.seconds_until(*HERE))
        assert pace.take(*HERE, 1) == 1
        assert pace.seconds_until(*HERE) == pytest.approx(2.0)


@given(stored=st.floats(0.01, 1_400), seconds=st.floats(0, 1_000), later=st.floats(0, 1_000))
def test_a_rate_only_rises_and_never_beyond_the_quota(stored: float, seconds: float, later: float) -> None:
    changed_at = NOON
    rate, next_rate = (rate_at(stored, changed_at, NOON + timedelta(seconds=s)) for s in (seconds, seconds + later))
    assert stored <= rate <= next_rate <= 1_400
    assert rate_at(stored, changed_at, NOON + timedelta(seconds=RECOVERY_SECONDS)) == 1_400
    assert rate_at(stored, changed_at, NOON - timedelta(seconds=5)) == stored
