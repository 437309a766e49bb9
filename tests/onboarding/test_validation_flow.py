"""The end-to-end flow of a validation run, on PostgreSQL and the simulator, with the product's own sweep and publisher.

Nobody waits: what is due later is made due now.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from integrations.aws.exchange import Exchanges
from integrations.events import publisher as publishing
from integrations.events import session, storage
from integrations.events.publisher import Publisher
from integrations.onboarding.evidence_report import report_of
from integrations.onboarding.expiry_evidence import rehearse_expiry
from integrations.onboarding.models import Profile, ValidationRun
from integrations.onboarding.run_actions import confirm_step, continue_run, leave_out_step, record_result, start_run
from integrations.onboarding.run_engine import advance_runs, current_step
from integrations.registration.models import Environment, Integration
from integrations.sources.models import Source
from integrations.sources.sweep import sweep
from tenants.audit import Actor
from tests.events.conftest import TABLES
from tests.sandbox.started import ALDER, DAY, Sandbox
from tests.sources.aws_side import endpoint

ANNE = Actor.system("anne@example.com")
pytestmark = pytest.mark.django_db(transaction=True)


class Theatre:
    """A whole product in one thread: the sweep of sources, the publisher and the runs."""

    def __init__(self, publisher: Publisher, sandbox: Sandbox) -> None:
        self.publisher, self.sandbox = publisher, sandbox

    def turn(self) -> None:
        Source.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        sweep(clock=timezone.now)
        self.publisher.publish_round()
        ValidationRun.objects.filter(state="running", due_at__isnull=False).update(due_at=timezone.now())
        advance_runs(clock=timezone.now)

    def play(self, run: ValidationRun, until: str | None = None) -> ValidationRun:
        """Go on until the run ends or rests, or the step `until` is in hand and waits for a person."""
        for _ in range(60):
            self.turn()
            current = ValidationRun.objects.select_related("integration", "environment").get(pk=run.pk)
            step = current_step(current)
            if current.state != "running" or (step and step.key == until and step.awaits_person):
                return current
        raise AssertionError([(s.key, s.state, s.said) for s in run.steps.order_by("position")])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def theatre(
    transactional_db: None, sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Theatre]:
    sandbox.private("POST", "reset")
    details = connection.settings_dict
    settings.DATABASE_URL_DIRECT = make_conninfo(
        host=details["HOST"],
        port=details["PORT"],
        user=details["USER"],
        password=details["PASSWORD"] or None,
        dbname=details["NAME"],
    )
    connection.ensure_connection()
    storage.make_ahead(connection.connection, timezone.now())
    monkeypatch.setattr(publishing, "SECOND", 0.0)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", sandbox.url)
    with endpoint(monkeypatch, sandbox.url), session.open_session() as own, Exchanges() as exchanges:
        yield Theatre(Publisher(own, exchanges), sandbox)
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(TABLES)}")


@pytest.fixture
def test_side(theatre: Theatre, integration: Integration) -> Environment:
    """The test environment, which sends while a source is PENDING, as AWS wants to see it."""
    side = integration.environments.get(kind="test")
    side.gate_policy = Environment.GatePolicy.SEND_AND_KEEP
    side.save()
    return side


def start(integration: Integration) -> ValidationRun:
    return start_run(
        integration=integration,
        kind=ValidationRun.Kind.REAL,
        account=ALDER,
        region="eu-west-1",
        stepwise=False,
        actor=ANNE,
        now=timezone.now(),
    )


def let_an_offer_expire(theatre: Theatre, side: Environment) -> Source:
    source = rehearse_expiry(environment=side, account=ALDER, region="eu-west-1", actor=ANNE, now=timezone.now())
    theatre.turn()
    theatre.turn()
    theatre.sandbox.private("POST", "clock", {"advance_seconds": 20 * DAY})
    theatre.turn()
    return Source.objects.get(pk=source.pk)


def test_with_a_role_the_whole_flow_runs_by_itself_and_every_step_is_proven(
    theatre: Theatre, test_side: Environment, integration: Integration
) -> None:
    expired = let_an_offer_expire(theatre, test_side)
    assert expired.ended == "expired"
    role = f"arn:aws:iam::{ALDER}:role/receiver"
    Profile.objects.filter(integration=integration).update(receiver_role_arn=role)

    run = theatre.play(start(integration))
    steps = {step.key: step for step in run.steps.all()}
    told = {key: (step.state, step.said) for key, step in steps.items()}
    assert run.state == "ended", told
    assert {key: step.proof for key, step in steps.items()} == dict.fromkeys(steps, "live") | {"expiry": "earlier"}

    assert steps["create"].evidence["state"] == "PENDING"
    assert steps["publish_pending"].evidence["state_of_source"] == "PENDING"
    assert steps["accept"].evidence["state"] == "ACTIVE"
    assert steps["publish_active"].evidence["state_of_source"] == "ACTIVE"
    event_id = steps["publish_active"].evidence["event_id"]
    received = steps["receive"].evidence
    assert f"urn:partnerbus:event:{event_id}" in received["resources"]
    assert (received["received"]["account"], received["received"]["source"]) == (ALDER, run.source.name)
    assert steps["entry_failure"].evidence["refused"]["what_follows"] == "source_suspect"
    assert steps["delete"].evidence["state_for_customer"] == "DELETED"
    assert steps["recreate"].evidence["state_for_customer"] == "PENDING"
    assert steps["reattach"].evidence["state"] == "ACTIVE"
    assert steps["receive_again"].evidence["received"]["source"] == run.source.name
    assert steps["expiry"].evidence["name"] == expired.name
    with_request = {key for key, step in steps.items() if step.request_id}
    assert with_request == steps.keys() - {"expiry", "clear_away"}

    customer = theatre.sandbox.client("events", ALDER)
    assert run.source.name not in [bus["Name"] for bus in customer.list_event_buses()["EventBuses"]]
    assert theatre.sandbox.client("sqs", ALDER).list_queues().get("QueueUrls", []) == []

    recorded = record_result(run=run, result="passed", note="", actor=ANNE, now=timezone.now())
    assert report_of(recorded)["arn"] == run.source.arn
    again = theatre.play(start(integration))
    assert again.state == "ended"  # repeatable


def test_without_a_role_a_person_plays_the_receiving_side_and_the_steps_watch(
    theatre: Theatre, test_side: Environment, integration: Integration
) -> None:
    run = theatre.play(start(integration), until="accept")
    name = run.source.name
    customer = theatre.sandbox.client("events", ALDER)
    customer.create_event_bus(Name=name, EventSourceName=name)
    run = theatre.play(run, until="rule")
    confirm_step(run=run, key="rule", note="Rule to a log group", actor=ANNE, now=timezone.now())
    run = theatre.play(run, until="receive")
    event_id = run.steps.get(key="publish_active").evidence["event_id"]
    assert event_id in run.steps.get(key="receive").said
    confirm_step(run=run, key="receive", note="Seen in the log", actor=ANNE, now=timezone.now())
    run = theatre.play(run, until="reattach")
    customer.activate_event_source(Name=name)
    run = theatre.play(run, until="receive_again")
    confirm_step(run=run, key="receive_again", note="Seen again", actor=ANNE, now=timezone.now())
    run = theatre.play(run, until="expiry")
    assert "No offer has expired" in run.steps.get(key="expiry").said
    leave_out_step(run=run, key="expiry", note="Shown next week", actor=ANNE, now=timezone.now())
    run = theatre.play(run)
    assert run.state == "ended"
    proofs = dict(run.steps.values_list("key", "proof"))
    assert proofs["accept"] == "live"
    assert {proofs[key] for key in ("rule", "receive", "receive_again")} == {"person"}
    assert proofs["expiry"] == ""


def test_an_environment_that_holds_says_how_to_let_aws_see_events_while_pending(
    theatre: Theatre, integration: Integration
) -> None:
    integration.environments.filter(kind="test").update(gate_policy="hold")
    run = theatre.play(start(integration))
    assert run.state == "paused"
    assert "gate policy to send_and_keep" in run.steps.get(key="publish_pending").said
    leave_out_step(run=run, key="publish_pending", note="Held by policy", actor=ANNE, now=timezone.now())
    assert theatre.play(run, until="accept").steps.get(key="accept").state == "doing"


def test_credentials_that_aws_refuses_are_a_sentence_and_the_run_goes_on_when_they_are_right(
    theatre: Theatre, test_side: Environment, integration: Integration
) -> None:
    Profile.objects.filter(integration=integration).update(receiver_role_arn="arn:aws:iam::333333333333:role/wrong")
    run = theatre.play(start(integration))
    assert run.state == "paused"
    assert "does not belong to" in run.steps.get(key="accept").said
    Profile.objects.filter(integration=integration).update(receiver_role_arn=f"arn:aws:iam::{ALDER}:role/right")
    continue_run(run=run, actor=ANNE, now=timezone.now())
    run = theatre.play(run, until="expiry")
    assert run.steps.get(key="receive_again").state == "done"
