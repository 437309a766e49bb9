"""What must be true of every source and every event, whatever happened before."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from integrations.sources.gate import drops, is_open
from integrations.sources.models import Desired, Source, SourceChange
from tests.events.conftest import rows
from tests.reconciliation.players import Players
from tests.sandbox.started import ALDER, Inbox, World

WORDS = {"PENDING": "pending", "ACTIVE": "active", "DELETED": "deleted"}

KNOWN = """
select source_id, event_id::text from pending union all select source_id, event_id::text from retry
union all select source_id, event_id::text from dead union all select source_id, event_id::text from settled
union all select source_id, event_id::text from attempts where code = 0
"""
ENDED = "select source_id, event_id::text from dead union all select source_id, event_id::text from settled"
# AWS took it, and nothing that we wrote down says that AWS may have dropped it. No publisher has anything in hand here.
CERTAIN = """
select a.source_id, a.event_id::text from attempts a where a.code = 0 and a.observed = 3 and not exists (
  select 1 from sources_sourcechange c where c.source_id = a.source_id and c.field = 'observed'
  and c.before = 'active' and a.at between c.confirmed_at and c.at)
"""


@dataclass
class Truths:
    """Remembers what arrived, and under which names a source's queue was ever sent."""

    players: Players
    arrived: set[tuple[str, str]] = field(default_factory=set)  # name and event
    names: dict[int, set[str]] = field(default_factory=dict)

    def look(self) -> None:
        for source in sources():
            self.names.setdefault(source.pk, set()).add(source.name)
        self.arrived |= received(self.players.inbox)
        strayed = received(self.players.birchs_inbox)
        assert not strayed, f"another account received {strayed}"

    def check(self) -> None:
        self._no_event_is_lost_in_silence()
        for source in sources():
            self._is_as_aws_says(source)
            self._gate_follows(source)
            self._history_is_complete(source)

    def _no_event_is_lost_in_silence(self) -> None:
        stored = {event for (event,) in rows("select id::text from events")}
        assert self.players.posted <= stored, self.players.posted - stored
        known = set(rows(KNOWN))
        lost = self.players.routed - known
        assert not lost, f"nowhere to be found: {lost}"
        # A reserve becomes the first source, or is handed over to those that its tenant has.
        lost_reserved = self.players.reserved - {event for _, event in known}
        assert not lost_reserved, f"of a reserve, and nowhere to be found: {lost_reserved}"
        swallowed = {delivery for delivery in rows(CERTAIN) if not self._has_arrived(*delivery)}
        assert not swallowed, f"shown as accepted, and dropped by AWS: {swallowed}"

    def everything_has_arrived(self) -> None:
        """At the end, when all sources are accepted: what neither arrived nor says why not is lost."""
        ended = set(rows(ENDED))
        live = set(sources().exclude(desired=Desired.ABSENT).values_list("pk", flat=True))
        expected = {delivery for delivery in set(rows(KNOWN)) | self.players.routed if delivery[0] in live}
        missing = {delivery for delivery in expected - ended if not self._has_arrived(*delivery)}
        assert not missing, f"never arrived: {missing}"

    def _has_arrived(self, source_id: int, event: str) -> bool:
        return any((name, event) in self.arrived for name in self.names[source_id])

    def _is_as_aws_says(self, source: Source) -> None:
        listed = at_aws(self.players.aws, source.name)
        assert source.account == ALDER
        if source.provisioned_at is None and source.desired != Desired.ABSENT:
            assert source.failure_final, (source.name, source.failure_code)
            assert source.failure_message, source.failure_code
            assert source.failure_code != "OfferedElsewhere" or ALDER not in listed, listed
        elif source.due_at is None:
            assert source.desired == Desired.ABSENT, source.name
            assert ALDER not in listed or is_anothers(source) or listed[ALDER] == "DELETED", (source.name, listed)
        else:
            assert source.desired != Desired.ABSENT, (source.name, source.failure_code)
            assert source.observed == WORDS.get(listed.get(ALDER, ""), "none"), (source.name, listed)

    def _gate_follows(self, source: Source) -> None:
        state = {"desired": source.desired, "observed": source.observed, "policy": source.environment.gate_policy}
        suspect = source.suspect_since is not None
        assert source.lane.publishable == is_open(**state, suspect=suspect), source.name
        if source.desired != Desired.ABSENT:
            assert (source.lane.drops_since is not None) == drops(**state), source.name

    def _history_is_complete(self, source: Source) -> None:
        """Each change begins where the one before ended, and the last one is what is stored."""
        changes = SourceChange.objects.filter(source=source).order_by("id")
        was_left_behind = Source.objects.filter(predecessor=source).exists()
        for name in ("observed", "desired"):
            reached = None if was_left_behind else "unknown" if name == "observed" else ""
            for change in changes:
                assert change.cause
                if name == "observed" and change.field in ("state", "succession"):  # AWS is asked anew
                    reached = "unknown"
                elif change.field == name:
                    assert reached in (None, change.before), (source.name, name, change.before, reached)
                    reached = change.after
            assert reached in (None, getattr(source, name)), (source.name, name, reached, getattr(source, name))


def sources() -> QuerySet[Source]:
    return Source.objects.filter(account__isnull=False).select_related("environment", "lane").order_by("pk")


def received(inbox: Inbox) -> set[tuple[str, str]]:
    return {(event["source"], event["resources"][-1].rpartition(":")[2]) for event in inbox.events()}


def at_aws(aws: World, name: str) -> dict[str, str]:
    try:
        answer: dict[str, Any] = aws.partner.list_partner_event_source_accounts(EventSourceName=name)
    except aws.partner.exceptions.ResourceNotFoundException:
        return {}
    return {row["Account"]: row["State"] for row in answer["PartnerEventSourceAccounts"]}


def is_anothers(source: Source) -> bool:
    same = Source.objects.filter(region=source.region, name=source.name).exclude(desired=Desired.ABSENT)
    return same.exclude(pk=source.pk).exists()
