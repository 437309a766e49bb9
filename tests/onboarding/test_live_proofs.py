"""Each proof that asks AWS: the simulator in which it holds, in which it must not, and in which it stops holding."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from integrations.onboarding.checklist import STAGES
from integrations.onboarding.models import ChecklistItem
from integrations.onboarding.profiles import RECEIVED, change_receiver
from integrations.onboarding.proofs import LIVE, PROOFS
from integrations.sources.models import Source
from tests.events.history import execute
from tests.onboarding.conftest import SYSTEM
from tests.onboarding.proof_stories import Case, Told, both, found, nothing
from tests.onboarding.test_proofs import CASES
from tests.sandbox.started import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("store")]
SENDER, RECEIVER = "111111111111", "222222222222"


@dataclass
class LiveCase(Case):
    """A case whose AWS is the simulator."""

    aws: World
    inbox: Any = None

    def grant(self, *namespaces: str) -> None:
        """Let AWS know the sender as a partner with these namespaces alone."""
        self.aws.sandbox.private("POST", "publishers", {"account": SENDER, "namespaces": namespaces})

    def name_receiver(self) -> None:
        self.inbox = self.aws.queue()
        change_receiver(
            integration=self.integration, role_arn=f"arn:aws:iam::{RECEIVER}:role/receiver",
            external_id="", queue_url=self.inbox.url, actor=SYSTEM, now=self.now,
        )  # fmt: skip

    def deliver(self) -> None:
        """Let a rule have sent an event of ours into the receiver's queue."""
        event = self.posted("order.placed")
        source = f"{self.test.namespace}/alder/events"
        body = {"id": "1", "source": source, "detail-type": "t", "resources": [f"urn:partnerbus:event:{event}"]}
        self.inbox.sqs.send_message(QueueUrl=self.inbox.url, MessageBody=json.dumps(body))

    def deliver_no_more(self) -> None:
        """The queue stays empty, although AWS accepted an event an hour after the last one that arrived."""
        self.inbox.sqs.purge_queue(QueueUrl=self.inbox.url)
        self.now += timedelta(hours=2)
        source: Source = self.source()
        execute("insert into activity values (%s, %s)", source.pk, self.now - timedelta(hours=1))


@pytest.fixture
def case(case: Case, aws: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveCase]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws.sandbox.url)
    yield LiveCase(case.integration, case.now, aws)
    execute("truncate activity, events")


LIVE_CASES: tuple[Told[LiveCase], ...] = (
    Told(
        "sender-proven",
        nothing,
        lambda c: c.environment(publisher_account="333333333333"),
        lambda c: c.environment(publisher_account="333333333333"),
        "account",
    ),
    Told(
        "production-proven",
        nothing,
        lambda c: c.environment("production", regions=[]),
        lambda c: c.environment("production", publisher_account="333333333333"),
        "account",
    ),
    Told(
        "test-enabled",
        lambda c: c.grant("aws.partner/example.com.test"),
        lambda c: c.grant("aws.partner/other.com.test"),
        lambda c: c.grant("aws.partner/example.com"),
        "probes",
    ),
    Told(
        "production-enabled",
        lambda c: c.grant("aws.partner/example.com"),
        lambda c: c.grant("aws.partner/example.com.test"),
        lambda c: c.grant("aws.partner/example.com.test"),
        "probes",
    ),
    Told(
        RECEIVED,
        both(LiveCase.name_receiver, LiveCase.deliver),
        LiveCase.name_receiver,
        LiveCase.deliver_no_more,
        "event",
    ),
)


@pytest.mark.parametrize("told", LIVE_CASES, ids=lambda told: told.key)
def test_a_live_proof_holds_and_stops_holding(case: LiveCase, told: Told[LiveCase]) -> None:
    told.holds(case)
    before = found(case, told.key)
    assert before.holds is True, before.says
    assert before.evidence[told.evidence]

    told.stops(case)
    after = found(case, told.key, before.evidence)
    assert after.holds is False, after.says
    assert after.says != before.says


@pytest.mark.parametrize("told", LIVE_CASES, ids=lambda told: told.key)
def test_a_live_proof_does_not_hold_of_too_little(case: LiveCase, told: Told[LiveCase]) -> None:
    told.fails(case)
    finding = found(case, told.key)
    assert finding.holds is False
    assert finding.evidence == {}


def test_every_automatic_item_has_a_proof_and_a_story_in_which_it_stops_holding() -> None:
    """The receiver's rule is an item of people until a queue is named; then its proof is automatic too."""
    automatic = {item.key for stage in STAGES for item in stage.items if item.proof == ChecklistItem.Proof.AUTOMATIC}
    assert {told.key for told in LIVE_CASES} == LIVE.keys()
    assert {told.key for told in (*CASES, *LIVE_CASES)} == PROOFS.keys() == automatic | {RECEIVED}
