"""Stage 2 on a tenant of the integration's own: the four steps as facts light them, and what can be done from here."""

from dataclasses import dataclass
from datetime import datetime

from integrations.aws import receiver
from integrations.aws.errors import AwsError
from integrations.aws.limits import LimitError
from integrations.events.queries import counters_of
from integrations.events.trial import send_test_event
from integrations.onboarding.models import ChecklistItem, Owner
from integrations.onboarding.receipts import queue_of
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from integrations.sources.creation import create_source
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.states import shown_state
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import Tenant

TEST_TENANT = "partnerbus-onboarding"  # our own tenant in the test directory, under an id that no SaaS gives
DONE, NEXT, LATER = "done", "next", "later"


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four steps: lit when facts say so."""

    number: int
    title: str
    owner: Owner
    state: str
    says: str
    at: datetime | None = None


def environment_of(integration: Integration) -> Environment:
    """Return the test environment. Raises Problem 409 `test_environment_missing`."""
    found = integration.environments.select_related("directory").filter(kind=Environment.Kind.TEST).first()
    if found is None:
        raise Problem(409, "test_environment_missing", "Register the test environment first.")
    return found


def own_sources(integration: Integration) -> list[Source]:
    """Return the sources of the integration's own test tenant that are wanted, the newest first."""
    wanted = Source.objects.filter(
        environment__integration=integration,
        environment__kind=Environment.Kind.TEST,
        tenant__external_id=TEST_TENANT,
        tenant__closed_at=None,
        account__isnull=False,
    )
    return list(wanted.exclude(desired=Desired.ABSENT).select_related("environment", "tenant").order_by("-pk"))


def create_own_source(*, integration: Integration, region: str, actor: Actor, now: datetime) -> Source:
    """Offer the test tenant's events to the receiver account in a region; due at once, and safe to call twice.

    The edge that calls this kicks `advance_sources`. Raises Problem 409 `test_environment_missing` or
    `receiver_missing`, and what `create_source` raises.
    """
    environment = environment_of(integration)
    if not environment.receiver_accounts:
        raise Problem(409, "receiver_missing", "Name a receiver account first: the source is offered to it.")
    source, is_new = create_source(
        tenant=_test_tenant(environment, actor, now),
        account=environment.receiver_accounts[0],
        region=region,
        actor=actor,
        now=now,
    )
    if is_new:
        tell(
            integration=integration,
            kind=Kind.CHANGED,
            title=f"Test source asked for in {region}",
            text=source.name,
            actor=actor,
            now=now,
            stage=2,
        )
    return source


def send_test_events(*, integration: Integration, actor: Actor, now: datetime) -> int:
    """Store a test event for each source of the test tenant and return how many. Raises Problem 409 `no_source`."""
    sources = [source for source in own_sources(integration) if source.provisioned_at is not None]
    if not sources:
        raise Problem(409, "no_source", "Create the test source first.")
    for source in sources:
        send_test_event(source=source, actor=actor, now=now)
    return len(sources)


def accept_for_receiver(*, integration: Integration, actor: Actor, now: datetime) -> int:
    """Make bus, rule and target in the receiver account, with the role that was given for it; return for how many.

    Calls AWS, so never inside a transaction. Raises Problem 409 `receiver_missing` or `no_source`, 502
    `receiver_refused`.
    """
    environment = environment_of(integration)
    side = queue_of(integration.profile, environment)
    if side is None:
        raise Problem(409, "receiver_missing", "Name a role and a queue in the receiver account first.")
    sources = [each for each in own_sources(integration) if each.observed in (Observed.PENDING, Observed.ACTIVE)]
    if not sources:
        raise Problem(409, "no_source", "AWS has no test source that could be accepted: create one first.")
    for source in sources:
        try:
            if source.observed == Observed.PENDING:
                receiver.attach(side.publisher, source.region, source.name)
            # A rule sends to a queue of its own region: in another one, a queue of the same name.
            receiver.deliver_to_queue(side.publisher, source.region, source.name, side.name)
        except (AwsError, LimitError) as error:
            words = error.sentence if isinstance(error, AwsError) else str(error)
            raise Problem(
                502, "receiver_refused", f"The receiver account refused. {words} AWS's words: {error}"
            ) from None
    tell(
        integration=integration,
        kind=Kind.CHANGED,
        title=f"Bus and rule made in the receiver account for {len(sources)} of our test sources",
        actor=actor,
        now=now,
        stage=2,
    )
    return len(sources)


def four_steps(integration: Integration) -> list[Step]:
    """Return AWS's four steps of stage 2, lit by facts of the test tenant's sources. Five queries at most."""
    sources = own_sources(integration)
    counters = counters_of([source.pk for source in sources])
    made = next((source for source in sources if source.observed in (Observed.PENDING, Observed.ACTIVE)), None)
    accepted = max((each.last_accepted_at for each in counters.values() if each.last_accepted_at), default=None)
    active = next((source for source in sources if source.observed == Observed.ACTIVE), None)
    rule = ChecklistItem.objects.filter(stage__integration=integration, key="rule-delivered").first()
    lit = [made is not None, accepted is not None, active is not None, rule is not None and rule.state == "done"]
    # Publishing need not wait for the bus, nor the bus for publishing.
    turns = [True, lit[0], lit[0], lit[2]]
    states = [DONE if light else NEXT if turn else LATER for light, turn in zip(lit, turns, strict=True)]
    waits = _created_says(sources, made)
    return [
        Step(
            1,
            "Create the partner event source",
            Owner.PROVIDER,
            states[0],
            waits,
            made.provisioned_at if made else None,
        ),
        Step(2, "Publish events to it", Owner.PROVIDER, states[1], _published_says(accepted), accepted),
        Step(
            3,
            "Create the event bus",
            Owner.TENANT,
            states[2],
            _attached_says(active),
            active.observed_at if active else None,
        ),
        Step(4, "Create the event rule", Owner.TENANT, states[3], _rule_says(rule), rule.done_at if rule else None),
    ]


def _created_says(sources: list[Source], made: Source | None) -> str:
    if made is not None:
        return f"AWS says {made.observed.upper()}."
    if not sources:
        return "Not asked for yet."
    return f"{sources[0].name} is {shown_state(sources[0])}. {sources[0].failure_message}".strip()


def _published_says(accepted: datetime | None) -> str:
    return "AWS accepted an event." if accepted else "AWS has accepted no event of it yet."


def _attached_says(active: Source | None) -> str:
    return f"AWS says ACTIVE for {active.name}." if active else "The source is not ACTIVE: no bus is attached."


def _rule_says(rule: ChecklistItem | None) -> str:
    if rule is None:
        return ""
    if rule.state == ChecklistItem.State.DONE:
        return str((rule.evidence or {}).get("says") or rule.note)
    return rule.missing or "Not visible from here: confirm it by hand, or name a queue in the receiver account."


def _test_tenant(environment: Environment, actor: Actor, now: datetime) -> Tenant:
    return put_tenant(
        directory=environment.directory,
        external_id=TEST_TENANT,
        name=f"{environment.integration.name} test tenant"[:200],
        actor=actor,
        now=now,
    )[0]
