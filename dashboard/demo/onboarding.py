"""The demo's way through AWS's stages: one integration in its second stage, another that waits for AWS in its first."""

from collections.abc import Callable
from datetime import datetime, timedelta

from integrations.onboarding.approval import record_approval
from integrations.onboarding.event_catalogue import put_type
from integrations.onboarding.letters import record_answer, record_sent_by_hand
from integrations.onboarding.models import ChecklistItem, Letter
from integrations.onboarding.profiles import change_profile
from integrations.onboarding.proving import check_item
from integrations.onboarding.request_letter import draft_request
from integrations.onboarding.stages import begin_integration, complete_item
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import User

MANAGER = "manager@demo.test"
COMPANY, EMAILS = "Kestrel Software Ltd.", ["partners@kestrel.example.com"]
BILLING_SLUG, BILLING_NAME = "kestrel-billing", "Kestrel Billing"
BILLING_NAMESPACE = "aws.partner/billing.kestrel.example.com.test"
# Nobody has registered this account with AWS yet: that is what the integration waits for.
BILLING_ACCOUNT, BILLING_RECEIVER = "555555555555", "222222222222"
TYPES = {
    "push": "Somebody pushed commits",
    "star.deleted": "Somebody took a star away",
    "workflow_job.queued": "A job of a workflow waits for a runner",
}
CONFIRMED = {
    "domain-owned": "The domain is registered to Kestrel Software Ltd.; the record was looked up.",
}
IN_WORK = {
    "generator-permitted": "Only administrators of a workspace see the page that connects it.",
    "types-impersonal": "Types are names of GitHub's events and actions; none is made from what a person wrote.",
}
ANSWER = "Your account is enabled for {namespace} in eu-west-1 and us-east-1."


def take_through_stages(integration: Integration, clock: Callable[[], datetime]) -> None:
    """Fill in the profile, send the request, write down AWS's approval, and confirm what a person confirms."""
    now, manager = clock(), _manager()
    _fill_profile(integration, "kestrel.example.com", manager, now)
    for name, description in TYPES.items():
        if not integration.catalogued_types.filter(name=name).exists():
            put_type(integration=integration, name=name, description=description, actor=manager, now=now)
    letter = _sent_request(integration, now - timedelta(days=12), manager, now)
    namespace = integration.environments.get(kind="test").namespace
    if not letter.answers.exists():
        record_answer(
            letter=letter,
            received_at=now - timedelta(days=9),
            sender="eventbridge-partners@amazon.com",
            text=ANSWER.format(namespace=namespace),
            actor=manager,
            now=now,
        )
    _confirm(integration, CONFIRMED, manager, now)
    approved_on = (now - timedelta(days=9)).date()
    record_approval(
        integration=integration, namespace=namespace, approved_on=approved_on, note="", actor=manager, now=now
    )
    _look_at_facts(integration, 1, manager, clock)
    _confirm(integration, IN_WORK, manager, now)


def begin_second_integration(clock: Callable[[], datetime]) -> None:
    """Begin another product, whose request AWS has not answered yet."""
    now, manager = clock(), _manager()
    integration = Integration.objects.filter(slug=BILLING_SLUG).first()
    if integration is None:
        role = f"arn:aws:iam::{BILLING_ACCOUNT}:role/partnerbus"
        test = EnvironmentSettings(
            "test",
            BILLING_NAMESPACE,
            BILLING_ACCOUNT,
            ("eu-west-1",),
            role_arn=role,
            receiver_accounts=[BILLING_RECEIVER],
        )
        integration = begin_integration(
            slug=BILLING_SLUG, name=BILLING_NAME, environments=[test], actor=manager, now=now
        )
    _fill_profile(integration, "billing.kestrel.example.com", manager, now)
    _confirm(integration, CONFIRMED, manager, now)
    _sent_request(integration, now - timedelta(days=1), manager, now)


def _manager() -> Actor:
    return Actor.person(User.objects.get(email=MANAGER))


def _fill_profile(integration: Integration, domain: str, manager: Actor, now: datetime) -> None:
    if not integration.profile.company:
        change_profile(
            integration=integration,
            name=integration.name,
            company=COMPANY,
            domain=domain,
            partner_emails=EMAILS,
            landing_page=f"https://{domain}/aws",
            actor=manager,
            now=now,
        )


def _sent_request(integration: Integration, sent_at: datetime, manager: Actor, now: datetime) -> Letter:
    integration.refresh_from_db()
    letter = integration.letters.filter(kind=Letter.Kind.REQUEST).first()
    letter = letter or draft_request(integration=integration, actor=manager, now=now)
    return record_sent_by_hand(letter=letter, version=None, sent_at=sent_at, actor=manager, now=now)


def _confirm(integration: Integration, notes: dict[str, str], manager: Actor, now: datetime) -> None:
    for item in ChecklistItem.objects.filter(stage__integration=integration, key__in=notes):
        complete_item(item=item, note=notes[item.key], actor=manager, now=now)


def _look_at_facts(integration: Integration, stage: int, manager: Actor, clock: Callable[[], datetime]) -> None:
    items = ChecklistItem.objects.filter(stage__integration=integration, stage__number=stage)
    for item in items.filter(proof=ChecklistItem.Proof.AUTOMATIC, state=ChecklistItem.State.OPEN):
        check_item(item=item, actor=manager, clock=clock)
