"""Series: what a source, a tenant or an environment did over time, in steps, read from the rollups."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from integrations.events import outcomes
from integrations.events.rollups import (
    LATENCY_BOUNDS,
    LATENCY_CLASSES,
    MINUTE_OF_EVENT,
    complete_until,
    minute_of,
    moment_of_minute,
)
from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of

LAST_OF_A_MINUTE = timedelta(minutes=1) - timedelta(microseconds=1)

STEPS = (1, 5, 60, 1440)  # minutes; of a day: UTC's
MAX_POINTS = 1_500
# The minutes that are not rolled up yet are read from attempts and queue themselves, at most so many rows of each.
MOST_RUNNING = 20_000

_SUMS = ", ".join(f"sum(latency[{n}])" for n in range(1, LATENCY_CLASSES + 1))
# `offset 0` hides from the planner how many minutes there are: it would sort them on disk instead of hashing the steps.
MINUTES = f"""
select start, sum(accepted), sum(failed), sum(held), sum(bytes), array[{_SUMS}] from (
  select minute / %(step)s * %(step)s as start, accepted, failed, held, bytes, latency from rollups
  where source_id = any(%(keys)s) and minute >= %(start)s and minute < %(end)s offset 0) m
group by 1
"""  # noqa: S608 - names of this module
FAILURES = """
select f.start, c.code, f.failed from (
  select start, code, sum(failed) as failed from (
    select minute / %(step)s * %(step)s as start, code, failed from rollup_failures
    where source_id = any(%(keys)s) and minute >= %(start)s and minute < %(end)s offset 0) m group by 1, 2) f
join outcome_codes c on c.id = f.code
"""
RUNNING = """
select floor(date_part('epoch', a.at) / 60)::int / %(step)s * %(step)s, c.code, a.ms, count(*), sum(a.bytes)
from (select * from attempts where at >= %(start_at)s and at < %(end_at)s limit %(most)s) a
join outcome_codes c on c.id = a.code join sources_source s on s.id = a.source_id
where {scope} group by 1, 2, 3
"""
RUNNING_HELD = f"""
select {MINUTE_OF_EVENT} / %(step)s * %(step)s, count(*)
from (
  select p.event_id from sources_source s join sources_lane l on l.source_id = s.id
  left join registration_breaker b on b.environment_id = l.environment_id and b.region = l.region
  left join registration_maintenance m on m.environment_id = l.environment_id and m.region = l.region
  cross join lateral (
    select event_id from pending where source_id = s.id and event_id >= %(lowest)s and event_id < %(beyond)s) p
  where {{scope}} and (b.id is not null or m.id is not null or not l.publishable) limit %(most)s) p
group by 1
"""  # noqa: S608 - an expression of the minute job


@dataclass(slots=True)
class Figures:
    """What happened: entries accepted, tries that failed, deliveries that met a closed gate, bytes of the accepted."""

    accepted: int = 0
    failed: int = 0
    failed_by_code: dict[str, int] = field(default_factory=dict)
    held: int = 0
    bytes: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * LATENCY_CLASSES)

    def count(self, code: str, tries: int) -> None:
        """Add tries that failed with this code."""
        self.failed_by_code[code] = self.failed_by_code.get(code, 0) + tries

    def add(self, other: "Figures") -> None:
        """Add another's figures to these."""
        self.accepted += other.accepted
        self.failed += other.failed
        self.held += other.held
        self.bytes += other.bytes
        self.latency = [mine + theirs for mine, theirs in zip(self.latency, other.latency, strict=True)]
        for code, tries in other.failed_by_code.items():
            self.count(code, tries)

    def percentile(self, share: float) -> float | None:
        """Return the milliseconds within which this share of the accepted entries was, None without any.

        Interpolated within its class; beyond the last bound, the last bound, as Prometheus does it.
        """
        total = sum(self.latency)
        rank, below, lower = share * total, 0, 0
        for count, upper in zip(self.latency, LATENCY_BOUNDS, strict=False):
            if count and below + count >= rank:
                return round(lower + (upper - lower) * (rank - below) / count, 1)
            below, lower = below + count, upper
        return float(LATENCY_BOUNDS[-1]) if total else None


@dataclass(frozen=True, slots=True)
class Series:
    """`points` has every step of the time asked for, also those without figures; `complete_until` is the moment up to
    which the figures are final, None before the first minute was rolled up."""

    step: int
    points: dict[datetime, Figures]
    complete_until: datetime | None

    @property
    def totals(self) -> Figures:
        """The figures of the whole time."""
        total = Figures()
        for figures in self.points.values():
            total.add(figures)
        return total


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose figures: `keys` in the rollups; a condition on sources where the rollups have nothing yet."""

    keys: list[int]
    condition: str
    value: Any


@dataclass(frozen=True, slots=True)
class _Range:
    """Minutes from `start` to before `end`, in steps; the figures from `rolled` on have to be counted now."""

    start: int
    end: int
    step: int
    rolled: int


def series_of_sources(
    source_ids: Sequence[int], *, since: datetime, until: datetime, step: int, now: datetime, brief: bool = False
) -> Series:
    """Return the series of these sources together, in steps of `step` minutes, one of STEPS.

    The first and the last step are whole, so a little more than asked for is told. A `brief` one costs two
    queries instead of five: without the minutes that are not rolled up yet, and without the codes of failures.
    """
    scope = _Scope(list(source_ids), "s.id = any(%(value)s)", list(source_ids))
    return _series(scope, since, until, step, now, brief=brief)


def series_of_tenant(tenant_id: int, *, since: datetime, until: datetime, step: int, now: datetime) -> Series:
    """Return the series of all sources that a tenant has or had."""
    sources = list(Source.objects.filter(tenant=tenant_id).values_list("pk", flat=True))
    return series_of_sources(sources, since=since, until=until, step=step, now=now)


def series_of_environment(environment_id: int, *, since: datetime, until: datetime, step: int, now: datetime) -> Series:
    """Return the series of a whole environment, as fast with ten thousand sources as with one."""
    scope = _Scope([-environment_id], "s.environment_id = %(value)s", environment_id)
    return _series(scope, since, until, step, now)


def points_between(since: datetime, until: datetime, step: int) -> int:
    """Return how many points a series has; more than MAX_POINTS should not be asked for."""
    return len(_steps(since, until, step))


def _series(
    scope: _Scope, since: datetime, until: datetime, step: int, now: datetime, *, brief: bool = False
) -> Series:
    steps = _steps(since, until, step)
    complete = complete_until()
    rolled = steps.start if complete is None else max(steps.start, min(complete + 1, steps.stop))
    span = _Range(steps.start, steps.stop, step, rolled)
    figures = _rolled_up(scope, span, with_codes=not brief)
    if not brief:
        _add_running(figures, scope, span, now)
    points = {moment_of_minute(minute): figures.get(minute) or Figures() for minute in steps}
    return Series(step, points, None if complete is None else moment_of_minute(complete + 1))


def _steps(since: datetime, until: datetime, step: int) -> range:
    start = minute_of(since) // step * step
    beyond = -(-minute_of(until + LAST_OF_A_MINUTE) // step) * step
    return range(start, max(beyond, start + step), step)


def _rolled_up(scope: _Scope, span: _Range, *, with_codes: bool) -> dict[int, Figures]:
    parameters = {"keys": scope.keys, "step": span.step, "start": span.start, "end": span.rolled}
    figures = {
        minute: Figures(accepted, failed, {}, held, int(size), latency)
        for minute, accepted, failed, held, size, latency in _rows(MINUTES, parameters)
    }
    for minute, code, failed in _rows(FAILURES, parameters) if with_codes else ():
        figures.setdefault(minute, Figures()).count(code, failed)
    return figures


def _add_running(figures: dict[int, Figures], scope: _Scope, span: _Range, now: datetime) -> None:
    """Count what the rollups do not have yet."""
    end = min(span.end, minute_of(now) + 1)
    if span.rolled >= end:
        return
    parameters = {
        "value": scope.value,
        "step": span.step,
        "most": MOST_RUNNING,
        "start_at": (start_at := moment_of_minute(span.rolled)),
        "end_at": (end_at := moment_of_minute(end)),
        "lowest": lowest_uuid_of(start_at),
        "beyond": lowest_uuid_of(end_at),
    }
    for minute, code, ms, tries, size in _rows(RUNNING.format(scope=scope.condition), parameters):
        figures.setdefault(minute, Figures()).add(_figures_of_tries(code, ms, tries, size))
    for minute, held in _rows(RUNNING_HELD.format(scope=scope.condition), parameters):
        figures.setdefault(minute, Figures()).held += held


def _figures_of_tries(code: str, ms: int, tries: int, size: int) -> Figures:
    if code != outcomes.ACCEPTED:
        return Figures(failed=tries, failed_by_code={code: tries})
    latency = [0] * LATENCY_CLASSES
    latency[bisect_left(LATENCY_BOUNDS, ms)] = tries
    return Figures(accepted=tries, bytes=size, latency=latency)


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
