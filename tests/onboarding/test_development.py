"""Stage 2 against the simulator: the four steps are lit by facts, and the receiver's part is done with its role."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from integrations.onboarding.approval import record_approval
from integrations.onboarding.development import (
    accept_for_receiver,
    create_own_source,
    four_steps,
    own_sources,
    send_test_events,
)
from integrations.onboarding.models import ChecklistItem
from integrations.onboarding.profiles import change_receiver, integration_of
from integrations.problems import Problem
from integrations.registration.environments import add_environment, settings_of
from integrations.registration.models import Environment, Integration
from integrations.sources.models import Source
from integrations.sources.sweep import sweep
from tenants.audit import Actor
from tests.events.history import execute
from tests.onboarding.conftest import NOW
from tests.sandbox.started import World

ROLE = "arn:aws:iam::222222222222:role/receiver"


def states(integration: Integration) -> list[str]:
    return [step.state for step in four_steps(integration)]


def observe() -> None:
    Source.objects.update(due_at=timezone.now())
    sweep(clock=timezone.now)


@pytest.mark.django_db(transaction=True)
def test_the_four_steps_light_up_one_after_the_other(
    integration: Integration, manager: Actor, aws: World, monkeypatch: pytest.MonkeyPatch, store: None
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws.sandbox.url)
    assert states(integration) == ["next", "later", "later", "later"]
    with pytest.raises(Problem, match="Create the test source first"):
        send_test_events(integration=integration, actor=manager, now=timezone.now())

    for _ in range(2):
        create_own_source(integration=integration, region="eu-west-1", actor=manager, now=timezone.now())
    assert len(own_sources(integration)) == 1
    observe()
    observe()
    assert states(integration) == ["done", "next", "next", "later"]
    assert send_test_events(integration=integration, actor=manager, now=timezone.now()) == 1

    with pytest.raises(Problem, match="Name a role and a queue"):
        accept_for_receiver(integration=integration, actor=manager, now=timezone.now())
    inbox = aws.queue()
    change_receiver(
        integration=integration,
        role_arn=ROLE,
        external_id="",
        queue_url=inbox.url,
        actor=manager,
        now=NOW,
    )
    found = integration_of(str(integration.public_id))
    for _ in range(2):
        assert accept_for_receiver(integration=found, actor=manager, now=timezone.now()) == 1
    observe()
    (source,) = own_sources(integration)
    execute("insert into activity values (%s, %s)", source.pk, timezone.now())
    assert states(integration) == ["done", "done", "done", "next"]
    assert "ACTIVE" in four_steps(integration)[2].says

    aws.put('{"a": 1}', name=source.name)
    assert any(source.name in body for body in inbox.bodies())


def test_without_a_receiver_account_nothing_is_offered(integration: Integration, manager: Actor) -> None:
    Environment.objects.update(receiver_accounts=[])
    with pytest.raises(Problem, match="Name a receiver account first"):
        create_own_source(integration=integration, region="eu-west-1", actor=manager, now=NOW)


def test_an_environment_is_added_once(integration: Integration, manager: Actor) -> None:
    settings = settings_of(integration.environments.get(kind="test"))
    with pytest.raises(Problem, match="already"):
        add_environment(integration=integration, settings=settings, actor=manager, now=NOW)


def test_an_approval_keeps_the_namespace_that_aws_granted(integration: Integration, manager: Actor) -> None:
    with pytest.raises(Problem, match="still to come"):
        record_approval(
            integration=integration,
            namespace="aws.partner/example.com.test",
            approved_on=NOW.date() + timedelta(days=1),
            note="",
            actor=manager,
            now=NOW,
        )
    record_approval(
        integration=integration,
        namespace="aws.partner/kestrel.example.com.test",
        approved_on=date(2026, 3, 1),
        note="Mail of Ana",
        actor=manager,
        now=NOW,
    )
    item = ChecklistItem.objects.get(key="approval-received")
    assert (item.state, item.note) == ("done", "Mail of Ana")
    assert item.evidence["namespace"] == "aws.partner/kestrel.example.com.test"
    assert integration.environments.get(kind="test").namespace == "aws.partner/kestrel.example.com.test"
