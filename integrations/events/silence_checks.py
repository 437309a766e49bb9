"""The checks of `silence`: each looks at one step on the way of an event and says how it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import connection
from django.db.models import Count, Max, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.aws.errors import explain
from integrations.events.listing import EventRow
from integrations.events.queries import Counters
from integrations.registration.models import ApiKey, Breaker, Maintenance
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.states import ShownState, shown_state
from tenants.models import Tenant

Words = str | Promise
State = Literal["ok", "problem", "unknown"]

LATELY = timedelta(days=1)
FRESH = timedelta(minutes=15)  # an ACTIVE source is asked about every five minutes
FAILURES_OF = timedelta(hours=1)

FAILURES = """
select c.code, sum(f.failed)::int from rollup_failures f join outcome_codes c on c.id = f.code
where f.source_id = %s and f.minute >= %s group by 1 order by 2 desc limit 5
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One step. `sentence` is for staff; `told`, if any, is what a tenant may read of it: no key, code or breaker.

    `action` is what mends a problem; the faces know the button and who may press it.
    """

    key: str
    state: State
    sentence: Words
    told: Words = ""
    action: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def key_in_use(tenant: Tenant, now: datetime) -> Check:
    """Say whether the backend has a valid key and uses it."""
    keys = ApiKey.objects.filter(environment__directory=tenant.directory_id, revoked_at=None)
    valid = keys.filter(Q(expires_at=None) | Q(expires_at__gt=now)).aggregate(
        number=Count("pk"), last=Max("last_used_at")
    )
    last = valid["last"]
    if not valid["number"]:
        return Check(
            "key", "problem", _("There is no valid API key: the backend cannot post anything."), action="issue_key"
        )
    facts = {"last_used_at": last}
    if last is None:
        sentence = _("No API key has been used yet: the backend has never reached us.")
        return Check("key", "problem", sentence, action="show_key_help", facts=facts)
    if last < now - LATELY:
        sentence = _("No API key has been used for more than a day. Ask whoever runs the backend.")
        return Check("key", "problem", sentence, action="show_key_help", facts=facts)
    return Check("key", "ok", _("An API key is in use."), facts=facts)


def events_posted(newest: list[EventRow], now: datetime) -> Check:
    """Say whether events of the tenant are stored."""
    if not newest:
        return Check(
            "posted",
            "problem",
            _("No event of this tenant is stored. The backend posts none, or under another tenant id."),
            _("Your provider has sent nothing for you yet."),
            "post_event",
        )
    facts = {"last_stored_at": newest[0].received_at}
    if newest[0].received_at < now - LATELY:
        return Check(
            "posted",
            "unknown",
            _("No event was posted for more than a day. Only the backend knows whether there was reason to."),
            _("Nothing new came for you for more than a day. There may have been no reason to."),
            facts=facts,
        )
    return Check("posted", "ok", _("Events are posted."), _("Events come in for you."), facts=facts)


def source_offered(sources: list[Source]) -> Check:
    """Say whether there is a source to send to."""
    if sources:
        return Check("offered", "ok", _("There is a source."), _("You have a source."), facts={"sources": len(sources)})
    return Check(
        "offered",
        "problem",
        _("The tenant has no source: events wait for an AWS account and a region."),
        _("No AWS account is connected. Enter one; what came before is kept."),
        "create_source",
    )


def events_selected(newest: list[EventRow]) -> Check:
    """Say whether the newest events are selected by their sources."""
    filtered = [row for row in newest if row.state == "settled"]
    facts = {"looked_at": len(newest), "not_selected": len(filtered)}
    if not newest:
        words = _("There is no event by which to judge what is selected.")
        return Check("selected", "unknown", words, words)
    if len(filtered) == len(newest):
        return Check(
            "selected",
            "problem",
            _("None of the newest events is selected: their types or contents do not fit what the source takes."),
            _("Events come in, but none fits the types that you chose."),
            "change_selection",
            facts,
        )
    return Check("selected", "ok", _("Events are selected."), _("They fit what you chose."), facts=facts)


def checks_of_source(
    source: Source, counters: Counters, maintenance: Maintenance | None, breaker: Breaker | None, now: datetime
) -> Iterator[Check]:
    """Yield the checks of one source, from what we want to what became of it."""
    yield _wanted(source)
    yield _said(source, now)
    yield _gate(source)
    yield _maintenance(maintenance)
    yield _breaker(breaker)
    yield _calls(source, counters, now)
    yield _dead(counters)


def _wanted(source: Source) -> Check:
    if source.desired == Desired.PAUSED:
        return Check("wanted", "problem", _("The source is paused."), _("Sending is paused."), "resume")
    return Check("wanted", "ok", _("Sending is wanted."), _("Sending is switched on."))


_SAID: dict[str, tuple[Words, Words, str]] = {
    ShownState.FAILED: (
        _("AWS refused to create the source."),
        _("Your source could not be created. Your provider sees why."),
        "reprovision",
    ),
    ShownState.REQUESTED: (_("AWS was not asked for the source yet."), _("Your source is being created."), "check_now"),
    ShownState.EXPIRED: (
        _("The offer expired before anybody accepted it."),
        _("The offer expired before anybody accepted it. Have it offered again."),
        "reprovision",
    ),
    ShownState.GONE: (
        _("AWS does not have the source any more."),
        _("The source is gone at AWS. Have it offered again."),
        "reprovision",
    ),
    ShownState.PENDING: (
        _("AWS says PENDING: no event bus is attached. Give the tenant's AWS admin a hand-off link."),
        _("No event bus is attached in your AWS account. Hand the link to whoever runs it."),
        "hand_off",
    ),
}


def _said(source: Source, now: datetime) -> Check:
    """What AWS says; a pause of ours is a check of its own, so it is looked through here."""
    facts = {"observed": source.observed, "observed_at": source.observed_at, "code": source.failure_code}
    state = shown_state(source)
    if state == ShownState.PAUSED:
        state = ShownState.ACTIVE if source.observed == Observed.ACTIVE else ShownState.PENDING
    if state in _SAID:
        sentence, told, action = _SAID[state]
        return Check("said", "problem", sentence, told, action, facts)
    if source.observed_at is None or source.observed_at < now - FRESH:
        sentence = _("AWS said ACTIVE, but was not asked lately.")
        return Check("said", "unknown", sentence, _("AWS said ACTIVE some time ago."), facts=facts)
    return Check("said", "ok", _("AWS says ACTIVE."), _("AWS says ACTIVE: your event bus is attached."), facts=facts)


def _gate(source: Source) -> Check:
    if source.suspect_since is not None:
        sentence = _("AWS refused an event as if the source were gone, and is asked again before more is sent.")
        told = _("AWS is asked about your source before more is sent.")
        return Check("gate", "problem", sentence, told, "check_now", {"suspect_since": source.suspect_since})
    if source.opens_at is not None:
        sentence = _("Sending starts in a moment, so that rules can be made first.")
        return Check("gate", "unknown", sentence, sentence, facts={"opens_at": source.opens_at})
    return Check("gate", "ok", _("The gate says what AWS says."), _("Nothing of yours is held back."))


def _maintenance(row: Maintenance | None) -> Check:
    if row is None:
        return Check("maintenance", "ok", _("Nothing is held for maintenance."), _("There is no maintenance."))
    return Check(
        "maintenance",
        "problem",
        _("Everything of this environment in this region is held for maintenance."),
        _("Your provider holds all events for maintenance. They are kept, and there is nothing for you to do."),
        "end_maintenance",
        {"since": row.since},
    )


def _breaker(breaker: Breaker | None) -> Check:
    if breaker is None:
        return Check("breaker", "ok", _("AWS takes our calls."), _("We reach AWS."))
    return Check(
        "breaker",
        "problem",
        explain(breaker.code),
        _("Sending is interrupted on our side, and there is nothing for you to do."),
        "see_health",
        {"code": breaker.code, "since": breaker.opened_at, "retry_at": breaker.retry_at},
    )


def _calls(source: Source, counters: Counters, now: datetime) -> Check:
    """What became of the last calls; where nothing waits, an old success is no bad sign."""
    last = counters.last_accepted_at
    facts: dict[str, Any] = {"last_accepted_at": last, "waiting": counters.waiting, "held": counters.held}
    oldest = counters.oldest_waiting_at
    if counters.waiting and oldest is not None and oldest < now - FRESH:
        facts["codes"] = _failures(source, now)
        sentence = _("Events have waited for more than a quarter of an hour: AWS refuses or throttles them.")
        told = _("Some of your events are late. They are tried again by themselves.")
        return Check("calls", "problem", sentence, told, "see_events", facts)
    if last is None:
        sentence = _("AWS has not taken any event of this source yet.")
        return Check(
            "calls", "unknown", sentence, _("AWS has not taken any event of yours yet."), "send_test_event", facts
        )
    return Check("calls", "ok", _("AWS takes the source's events."), _("AWS takes your events."), facts=facts)


def _failures(source: Source, now: datetime) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(FAILURES, [source.pk, int((now - FAILURES_OF).timestamp()) // 60])
        return dict(cursor.fetchall())


def _dead(counters: Counters) -> Check:
    facts = {"dead": counters.dead}
    if counters.dead:
        sentence = _("There are dead letters: they are kept, and not tried again by themselves.")
        told = _("Some events could not be delivered. They are kept, and can be sent again.")
        return Check("dead", "problem", sentence, told, "replay_dead", facts)
    return Check("dead", "ok", _("There is no dead letter."), _("No event of yours was given up."), facts=facts)


_UNSEEN = _(
    "Whether a rule of the tenant matches and its target takes the event cannot be seen from here. "
    "Ask for the rule's metrics and its dead-letter queue."
)
RECEIVER = Check(
    "receiver",
    "unknown",
    _UNSEEN,
    _("AWS takes your events. What follows is in your account: look at the rule on the bus and its dead-letter queue."),
    "send_test_event",
)
