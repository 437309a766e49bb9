"""`/metrics`: what a monitor needs, asked of the database when it asks, and never more than a moment's work."""

import hmac
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

from django.conf import settings
from django.db import Error, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from dashboard.web.census import census_of
from integrations.events.queries import oldest_waiting_at, publishers_at_work
from integrations.events.rollups import complete_until, moment_of_minute
from integrations.events.totals import totals
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Desired, Source
from integrations.sources.states import ShownState

QUEUES = ("pending", "retry", "dead")
COUNT_LIMIT = 10_000
COUNT_MILLISECONDS = 100


class Installation(Collector):
    """What the database knows: sources by state, queues, breakers, what AWS took, and who is at work."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; with the database gone, only that it is gone."""
        yield InfoMetricFamily("partnerbus", "The version that answers", {"version": settings.VERSION})
        up = GaugeMetricFamily("partnerbus_database_up", "1 if the database answers")
        try:
            yield from [*self._measured()]
            up.add_metric([], 1)
        except Error:
            up.add_metric([], 0)
        yield up

    def _measured(self) -> Iterator[Metric]:
        sources = GaugeMetricFamily("partnerbus_sources", "Sources by the state that people see", labels=["state"])
        census = census_of(Source.objects.exclude(desired=Desired.ABSENT))
        for state in ShownState.values:
            sources.add_metric([state], census[state])
        yield sources
        queues = GaugeMetricFamily(
            "partnerbus_deliveries",
            f"Deliveries not accepted: exact up to {COUNT_LIMIT}, beyond that the database's estimate",
            labels=["queue"],
        )
        for queue in QUEUES:
            queues.add_metric([queue], _size_of(queue))
        yield queues
        yield GaugeMetricFamily("partnerbus_breakers_open", "Open breakers", value=Breaker.objects.count())
        yield from _flow()
        yield from _liveness()


def _flow() -> Iterator[Metric]:
    """Yield the counters of each environment, as the minute job last added them up."""
    labels = ["integration", "environment"]
    accepted = CounterMetricFamily("partnerbus_accepted", "Entries that AWS took", labels=labels)
    size = CounterMetricFamily("partnerbus_accepted_bytes", "Bytes of the entries that AWS took", labels=labels)
    failed = CounterMetricFamily("partnerbus_failed", "Tries that AWS did not take", labels=[*labels, "code"])
    names = {
        environment_id: [slug, kind]
        for environment_id, slug, kind in Environment.objects.values_list("pk", "integration__slug", "kind")
    }
    for total in totals(list(names)):
        name = names[total.environment_id]
        accepted.add_metric(name, total.accepted)
        size.add_metric(name, total.bytes)
        for code, tries in total.failed_by_code.items():
            failed.add_metric([*name, code], tries)
    yield from (accepted, size, failed)


def _liveness() -> Iterator[Metric]:
    """Yield what tells whether somebody is at work."""
    now = timezone.now()
    yield GaugeMetricFamily("partnerbus_publishers", "Publishers that are at work", value=publishers_at_work())
    waiting = GaugeMetricFamily("partnerbus_oldest_waiting_seconds", "Age of the oldest delivery behind an open gate")
    with suppress(OperationalError), transaction.atomic():  # no value is better than a slow page
        with connection.cursor() as cursor:
            cursor.execute(f"set local statement_timeout = {COUNT_MILLISECONDS}")
        oldest = oldest_waiting_at()
        waiting.add_metric([], max(0.0, (now - oldest).total_seconds()) if oldest else 0)
    yield waiting
    behind = GaugeMetricFamily("partnerbus_rollups_behind_seconds", "Time since the last minute that is rolled up")
    if (complete := complete_until()) is not None:
        behind.add_metric([], max(0.0, (now - moment_of_minute(complete + 1)).total_seconds()))
    yield behind


def _size_of(table: str) -> int:
    """Count rows up to COUNT_LIMIT and for COUNT_MILLISECONDS at most; beyond that return PostgreSQL's estimate."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"set local statement_timeout = {COUNT_MILLISECONDS}")
            cursor.execute(f"select count(*) from (select from {table} limit {COUNT_LIMIT + 1}) counted")  # noqa: S608
            (counted,) = cursor.fetchone()
    except OperationalError:  # it took too long: the table has many dead rows
        counted = 0
    else:
        if counted <= COUNT_LIMIT:
            return int(counted)
    with connection.cursor() as cursor:
        cursor.execute(
            "select greatest(reltuples, %s)::bigint from pg_class where oid = %s::regclass", [counted, table]
        )
        return int(cursor.fetchone()[0])


REGISTRY = CollectorRegistry()
REGISTRY.register(Installation())
ProcessCollector(registry=REGISTRY)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus's text format: to the holder of METRICS_TOKEN, or without one to this machine only."""
    if not _may_read(request):
        return HttpResponse(
            "Metrics are read from this machine itself, or with METRICS_TOKEN as bearer token.\n",
            status=403,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    # A reverse proxy on this machine makes everybody look local, but it says for whom it asks.
    forwarded = request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded")
    return not forwarded and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # a unix socket has no address
        return False
