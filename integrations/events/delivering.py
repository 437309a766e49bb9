"""Delivering a claim: slice by slice, each recorded before the next is sent, and within the time that a task has."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import psycopg
import structlog
from django.conf import settings
from django.utils import timezone

from integrations.arrays import int4s
from integrations.aws.errors import RetryClass, classify
from integrations.aws.exchange import Exchanges
from integrations.cursors import binary_cursor
from integrations.events import outcomes, sending
from integrations.events.claims import Delivery
from integrations.events.outcomes import Finding
from integrations.events.pacing import Pace
from integrations.events.recording import Recorder
from integrations.events.routing import Route, routes_of_sources
from integrations.events.sending import Request, Round, Stopped
from integrations.events.trouble import recording_trouble
from integrations.registration import breakers
from integrations.registration.models import Environment
from integrations.sources.suspicion import suspect
from tenants.identifiers import lowest_uuid_of

# Well below the minute of a task: a round that is ended from outside has recorded less than it sent.
ROUND_SECONDS = 25.0
ENVIRONMENT_SECONDS = 2.0  # an environment's role and limits may be so old
UNANSWERED_IN_A_ROW = 3  # calls to one region; then its breaker opens, so that the others do not wait for it

CLOSED = """
select source_id from sources_lane l where source_id = any(%s) and (not publishable or exists (
  select from registration_maintenance m where m.environment_id = l.environment_id and m.region = l.region)) limit 1
"""

log = structlog.get_logger()


class Courier:
    """Brings claims to AWS and what AWS said into the database."""

    def __init__(self, connection: psycopg.Connection, exchanges: Exchanges, ended: Callable[[], bool]) -> None:
        self._connection = connection
        self._exchanges = exchanges
        self._ended = ended
        self._recorder = Recorder(connection)
        self._pace = Pace(connection)
        self._environments: dict[int, Environment] = {}
        self._environments_read_at = 0.0
        self._unanswered: Counter[tuple[int, str]] = Counter()
        self.wait_seconds = 0.0

    def deliver(self, claimed: list[Delivery], *, paced: bool = True) -> list[Finding]:
        """Deliver what time and quota allow and return the recorded findings; the rest stays as it is.

        A single call may go out unpaced: a breaker's probe must not wait for a bucket that has just been emptied.
        Afterwards `wait_seconds` says how long it is until AWS's quota allows the next call, where that was the limit.
        """
        deadline, self.wait_seconds = time.monotonic() + ROUND_SECONDS, 0.0
        self._pace.join()
        findings, to_send = self._settle_unsendable(claimed)
        self._record(findings)
        left = sending.pack(to_send, self._environments_of(to_send))
        while left and time.monotonic() < deadline and not self._ended():
            if findings and self._a_gate_closed(to_send):
                break  # the next round reads its gates anew
            slice_, left = self._next_slice(left) if paced else (left, [])
            if not slice_:
                break
            outcome = self._send_slice(slice_, deadline)
            findings += outcome.findings
            stopped = self._stop(outcome)
            left = [request for request in left if request.place not in stopped]
        return findings

    def _a_gate_closed(self, deliveries: list[Delivery]) -> bool:
        """Return whether any of these lanes has been closed since it was read: what it still has must wait."""
        lanes = {delivery.lane.source_id for delivery in deliveries}
        with binary_cursor(self._connection) as cursor:
            cursor.execute(CLOSED, [int4s(list(lanes))], prepare=True)
            return cursor.fetchone() is not None

    def rest(self) -> None:
        """There was nothing to do for a while: the other publishers may have this one's share of AWS's quota."""
        self._pace.leave()

    def _environments_of(self, deliveries: list[Delivery]) -> dict[int, Environment]:
        wanted = {delivery.lane.environment_id for delivery in deliveries}
        old = time.monotonic() - self._environments_read_at > ENVIRONMENT_SECONDS
        if old or not wanted <= self._environments.keys():
            self._environments = Environment.objects.in_bulk(wanted | self._environments.keys())
            self._environments_read_at = time.monotonic()
        return self._environments

    def _next_slice(self, left: list[Request]) -> tuple[list[Request], list[Request]]:
        """Separate the calls that may be made now: as many as may be in flight, and as AWS's quotas allow."""
        self._pace.refresh()
        now: list[Request] = []
        later: list[Request] = []
        denied: set[tuple[str, str]] = set()
        for request in left:
            place = _paced(request)
            if len(now) < settings.CALLS_AT_ONCE and place not in denied and self._pace.take(*place, 1):
                now.append(request)
                continue
            later.append(request)
            if len(now) < settings.CALLS_AT_ONCE:
                denied.add(place)
        if denied:
            self.wait_seconds = min(self._pace.seconds_until(*place) for place in denied)
        return now, later

    def _send_slice(self, requests: list[Request], deadline: float) -> Round:
        sent_at = timezone.now()
        outcome = sending.send_all(self._exchanges, requests, deadline)
        self._record(outcome.findings)
        self._slow_down(outcome.findings)
        _report_suspects(outcome.findings, sent_at)
        return outcome

    def _slow_down(self, findings: list[Finding]) -> None:
        """Tell the pace of throttled calls, once a place."""
        throttled = {
            (self._environments[f.delivery.lane.environment_id].publisher_account, f.delivery.lane.region)
            for f in findings
            if f.code != outcomes.ACCEPTED and f.code is not None and classify(f.code) is RetryClass.THROTTLED
        }
        for place in throttled:
            self._pace.throttled(*place)

    def _record(self, findings: list[Finding]) -> None:
        if findings:
            self._recorder.record(findings, timezone.now())
            recording_trouble.clear()

    def _settle_unsendable(self, claimed: list[Delivery]) -> tuple[list[Finding], list[Delivery]]:
        """Separate what needs no call: events that are gone, and those that a later selection excludes."""
        late = {d.lane.source_id for d in claimed if _is_before_selection(d)}
        routes = routes_of_sources(self._connection, list(late)) if late else {}
        findings, to_send = [], []
        for delivery in claimed:
            finding = _judged_without_a_call(delivery, routes)
            if finding is None:
                to_send.append(delivery)
            else:
                findings.append(finding)
        return findings, to_send

    def _stop(self, outcome: Round) -> set[tuple[int, str]]:
        """Open the breakers of places that refuse us or stay silent, and return those places."""
        self._unanswered.update(request.place for request in outcome.unanswered)
        for request in outcome.answered:
            del self._unanswered[request.place]
        silent = [r for r in outcome.unanswered if self._unanswered[r.place] >= UNANSWERED_IN_A_ROW]
        stops = {stop.place: stop for stop in [*map(_silence, silent), *outcome.stops]}
        for place, stop in stops.items():
            log.warning("publishing stopped", environment=place[0], region=stop.region, code=stop.code)
            breakers.open_breaker(
                environment=stop.environment,
                region=stop.region,
                code=stop.code,
                message=stop.message,
                now=timezone.now(),
            )
        return set(stops)


def _judged_without_a_call(delivery: Delivery, routes: dict[int, Route]) -> Finding | None:
    if delivery.tail is None:
        return outcomes.missing(delivery)
    if not _is_before_selection(delivery):
        return None
    try:
        selected = routes[delivery.lane.source_id].selects_stored(delivery.tail)
    except Exception as error:  # one event that cannot be judged must not hold up everybody's
        log.exception("an event could not be judged", event_id=str(UUID(bytes=delivery.event_id)))
        return outcomes.unjudged(delivery, str(error))
    return None if selected else outcomes.filtered(delivery)


def _is_before_selection(delivery: Delivery) -> bool:
    since = delivery.lane.selection_since
    return since is not None and delivery.event_id < lowest_uuid_of(since).bytes


def _report_suspects(findings: Iterable[Finding], sent_at: datetime) -> None:
    suspects = {f.delivery.lane.source_id: (f.code, f.message) for f in findings if f.suspect and f.code}
    for source_id, (code, message) in suspects.items():
        suspect(source_id=source_id, sent_at=sent_at, now=timezone.now(), code=code, message=message)


def _paced(request: Request) -> tuple[str, str]:
    """Return where AWS counts this call: the publisher account and the region."""
    return request.environment.publisher_account, request.region


def _silence(request: Request) -> Stopped:
    message = f"AWS left {UNANSWERED_IN_A_ROW} calls in a row without an answer."
    return Stopped(request.environment, request.region, "NoAnswer", message)
