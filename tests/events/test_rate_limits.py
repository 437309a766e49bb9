"""How many events a key may post per second, with Valkey, without it, and while it hangs."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from django.conf import settings as configured

from integrations.events import rate_limits
from integrations.events.rate_limits import RateLimits
from integrations.registration.keys import issue_key
from integrations.registration.models import Environment
from tests.conftest import SYSTEM
from tests.events.conftest import rows

EVENT = {"tenant": "alder", "type": "order.created", "detail": {}}
Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_limits() -> Iterator[None]:
    rate_limits.rate_limits.cache_clear()
    yield
    rate_limits.rate_limits.cache_clear()


@pytest.fixture
def limited_post(post: Post, tenant: object, environment: Environment, now: datetime) -> Post:
    """Post a batch of so many events with a key that may post 10 per second."""
    key = issue_key(environment=environment, name="limited", events_per_second=10, actor=SYSTEM, now=now)[1]
    return lambda count: post({"events": [EVENT] * count}, key=key)


@pytest.fixture
def key() -> UUID:
    return uuid4()


@pytest.fixture
def limits() -> RateLimits:
    """The limits of a web process."""
    return RateLimits(configured.REDIS_URL)


@pytest.fixture
def silent_valkey() -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        server.settimeout(0.01)
        yield server


def connections_to(server: socket.socket) -> int:
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except TimeoutError:
            return count
        count += 1


def test_a_key_without_a_limit_asks_nobody(post: Post, tenant: object) -> None:
    assert post({"events": [EVENT] * 100}).status_code == 202
    assert rate_limits.rate_limits.cache_info().currsize == 0


def test_two_seconds_worth_pass_at_once_and_then_nothing_of_a_body(limited_post: Post) -> None:
    assert [limited_post(10).status_code for _ in range(3)] == [202, 202, 202]  # the third overdraws what is left
    answer = limited_post(5)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"] == "1"
    assert answer.json()["events_per_second"] == 10
    assert rows("select count(*) from events") == [(30,)]


def test_a_body_larger_than_the_bucket_passes_and_the_next_waits_for_the_debt(limited_post: Post) -> None:
    assert limited_post(100).status_code == 202
    answer = limited_post(1)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "8"  # the 80 events beyond the bucket, at 10 per second


def test_other_keys_do_not_suffer(limited_post: Post, post: Post) -> None:
    limited_post(1_000)
    assert limited_post(1).status_code == 429
    assert post(EVENT).status_code == 202


def test_cloud_events_and_lines_count_like_others(post: Post, tenant: object, environment: Any, now: datetime) -> None:
    key = issue_key(environment=environment, name="limited", events_per_second=1, actor=SYSTEM, now=now)[1]
    assert post(b"[{},{},{}]", content_type="application/cloudevents-batch+json", key=key).status_code == 202
    assert post(b"{}", content_type="application/x-ndjson", key=key).status_code == 429


@pytest.mark.parametrize("url", [None, "redis://127.0.0.1:1/0"], ids=["Valkey", "no Valkey"])
def test_over_time_exactly_the_rate_passes(monkeypatch: pytest.MonkeyPatch, key: UUID, url: str | None) -> None:
    monkeypatch.setattr(rate_limits, "BURST_SECONDS", 0.1)
    limits = RateLimits(url or configured.REDIS_URL)
    started = time.monotonic()
    passed = 0
    while (elapsed := time.monotonic() - started) < 1.0:
        passed += not limits.admit(key, 1 / 200)
        time.sleep(0.001)
    assert 180 * elapsed <= passed <= 200 * (elapsed + 0.1) + 1


def test_the_wait_that_is_told_is_enough(monkeypatch: pytest.MonkeyPatch, limits: RateLimits, key: UUID) -> None:
    monkeypatch.setattr(rate_limits, "BURST_SECONDS", 0.1)
    assert limits.admit(key, 0.3) == 0
    wait = limits.admit(key, 0.01)
    assert 0.1 < wait <= 0.2
    time.sleep(wait)
    assert limits.admit(key, 0.01) == 0


def test_all_processes_share_one_bucket(limits: RateLimits, key: UUID) -> None:
    assert limits.admit(key, 3) == 0
    assert 0 < RateLimits(configured.REDIS_URL).admit(key, 0.01) <= 1


def test_of_posts_at_the_same_moment_only_one_takes_the_last_event(limits: RateLimits, key: UUID) -> None:
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: limits.admit(key, 10), range(16)))
    assert sorted(waits)[:2][0] == 0
    assert sum(wait == 0 for wait in waits) == 1


def test_a_full_bucket_leaves_nothing_behind_in_valkey(limits: RateLimits, key: UUID) -> None:
    limits.admit(key, 0.05)
    with redis.Redis.from_url(configured.REDIS_URL) as valkey:
        assert 0 < valkey.pttl(f"partnerbus:rate:{key}") <= 50
        time.sleep(0.06)
        assert not valkey.exists(f"partnerbus:rate:{key}")


def test_without_valkey_each_process_counts_for_itself(key: UUID) -> None:
    away = RateLimits("redis://127.0.0.1:1/0")
    assert away.admit(key, 3) == 0
    assert 0 < away.admit(key, 0.01) <= 1
    assert RateLimits("redis://127.0.0.1:1/0").admit(key, 0.01) == 0


def test_a_valkey_that_hangs_costs_one_post_a_moment_and_the_next_ones_nothing(
    silent_valkey: socket.socket, key: UUID
) -> None:
    limits = RateLimits(f"redis://127.0.0.1:{silent_valkey.getsockname()[1]}/0")
    times = []
    for _ in range(50):
        started = time.monotonic()
        assert limits.admit(key, 0.001) == 0
        times.append(time.monotonic() - started)
    assert connections_to(silent_valkey) == 1
    assert times[0] < 0.15  # 50 ms, and what a busy machine adds
    assert sorted(times)[40] < 0.005


def test_valkey_is_asked_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, silent_valkey: socket.socket, key: UUID
) -> None:
    monkeypatch.setattr(rate_limits, "PAUSE_AFTER_FAILURE", 0.05)
    limits = RateLimits(f"redis://127.0.0.1:{silent_valkey.getsockname()[1]}/0")
    limits.admit(key, 0.001)
    time.sleep(0.06)
    limits.admit(key, 0.001)
    assert connections_to(silent_valkey) == 2


def test_ingest_answers_as_ever_while_valkey_is_away(limited_post: Post, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert limited_post(30).status_code == 202
    assert limited_post(1).status_code == 429


def test_broken_bodies_count_too(post: Post, environment: Environment, now: datetime) -> None:
    key = issue_key(environment=environment, name="limited", events_per_second=10, actor=SYSTEM, now=now)[1]
    answers = [post(b"nonsense", key=key).status_code for _ in range(30)]
    assert answers[:20] == [400] * 20
    assert 429 in answers
