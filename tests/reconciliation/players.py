"""Who acts in a random life: tenant Alder, the provider, a stranger called Birch, AWS's bad days and the clock."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from django.utils import timezone

from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.creation import create_source
from integrations.sources.deletion import delete_source
from integrations.sources.gate_policy import set_gate_policy
from integrations.sources.models import Desired, Source
from integrations.sources.pausing import pause_source, resume_source
from integrations.sources.renewal import reprovision
from integrations.sources.succession import succeed
from tenants.models import Tenant
from tests.events.conftest import rows
from tests.sandbox.started import ALDER, BIRCH, DAY, World
from tests.sources.conftest import BACKEND

LABELS = ("a", "b", "c")
CONTROL = ("CreatePartnerEventSource", "DeletePartnerEventSource", "ListPartnerEventSourceAccounts")
REFUSALS = (
    *("ConcurrentModificationException", "InternalException", "ServiceUnavailable", "ThrottlingException"),
    *("LimitExceededException", "OperationDisabledException"),
)
CREDENTIALS = ("ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException")
ENTRY_CODES = ("InternalFailure", "ThrottlingException", "MalformedDetail", "NotAuthorizedForSourceException", "New")
COMMITS = ("provisioning", "observation", "deletion")  # where a step locks its row to write down its outcome


class Killed(Exception):
    """A worker died after AWS had carried out its call and before the outcome was written down."""


class Players:
    """What anybody may do next. What cannot be done at that moment is refused, and that is fine."""

    def __init__(self, seed: int, tenant: Tenant, environment: Environment, aws: World, store: Callable[..., Any]):
        self.random = random.Random(seed)
        self.tenant, self.environment, self.aws, self.store = tenant, environment, aws, store
        self.inbox, self.birchs_inbox = aws.queue(), aws.queue("birch", BIRCH)
        self.routed: set[tuple[int, str]] = set()  # source and event: every delivery that was ever made
        self.reserved: set[str] = set()  # events that waited in the reserve of a tenant without a source
        self.posted: set[str] = set()
        self.acts: list[Callable[[], object]] = [
            *[self.post] * 5,
            *(self.offer, self.offer, self.pause, self.resume, self.resume, self.delete, self.again, self.again),
            *(self.succeed, self.policy),
            *[self.accept] * 4,
            *(self.detach, self.deactivate, self.activate, self.activate),
            *(self.behind_our_back, self.elsewhere, self.given_back, self.given_back, self.pass_time),
        ]

    def act(self) -> str:
        """Let somebody do something, and say what it was and how it ended."""
        act = self.random.choice(self.acts)
        try:
            act()
        except (Problem, ClientError) as refusal:
            code = refusal.code if isinstance(refusal, Problem) else refusal.response["Error"]["Code"]
            return f"{act.__name__}: {code}"
        return act.__name__

    def any(self) -> Source:
        sources = list(Source.objects.filter(account__isnull=False).order_by("pk"))
        wanted = [source for source in sources if source.desired != Desired.ABSENT]
        # The deleted ones become ever more; they have their turn, and no more than that.
        chosen = sources if self.random.random() < 0.1 or not wanted else wanted
        if not chosen:
            raise Problem(404, "nothing", "There is nothing to act on.")
        return self.random.choice(chosen)

    # The provider
    def offer(self) -> None:
        create_source(
            tenant=self.tenant,
            account=ALDER,
            region="eu-west-1",
            label=self._label(),
            actor=BACKEND,
            now=timezone.now(),
        )

    def post(self) -> None:
        results = self.store(*[{"tenant": "alder", "type": "t", "detail": {"n": len(self.posted)}}] * 3)
        events = [str(result.event_id) for result in results]
        self.posted.update(events)
        queued = rows("select source_id, event_id::text from pending where event_id = any(%s::uuid[])", events)
        reserves = set(Source.objects.filter(account=None).values_list("pk", flat=True))
        self.routed.update((source, event) for source, event in queued if source not in reserves)
        self.reserved.update(event for source, event in queued if source in reserves)

    def pause(self) -> None:
        pause_source(source=self.any(), actor=BACKEND, now=timezone.now())

    def resume(self) -> None:
        resume_source(source=self.any(), actor=BACKEND, now=timezone.now())

    def delete(self) -> None:
        delete_source(source=self.any(), keep_queue=self.random.random() < 0.7, actor=BACKEND, now=timezone.now())

    def again(self) -> None:
        reprovision(source=self.any(), actor=BACKEND, now=timezone.now())

    def succeed(self) -> None:
        succeed(source=self.any(), label=self._label(), actor=BACKEND, now=timezone.now())

    def policy(self) -> None:
        policy = self.random.choice(["hold", "hold", "send_and_keep", "drop"])
        set_gate_policy(environment=self.environment, policy=policy, actor=BACKEND, now=timezone.now())

    def _label(self) -> str:
        return self.random.choice(LABELS)

    # The tenant
    def accept(self) -> None:
        self.accept_by_name(self.any().name)

    def accept_by_name(self, name: str) -> None:
        self._remove_bus(name)
        self.aws.accept(name)
        self.aws.subscribe(self.inbox, bus=name)

    def detach(self) -> None:
        self._remove_bus(self.any().name)

    def deactivate(self) -> None:
        self.aws.alder.deactivate_event_source(Name=self.any().name)

    def activate(self) -> None:
        self.aws.alder.activate_event_source(Name=self.any().name)

    def _remove_bus(self, name: str) -> None:
        with suppress(ClientError):
            self.aws.alder.remove_targets(Rule="everything", EventBusName=name, Ids=["inbox"])
            self.aws.alder.delete_rule(Name="everything", EventBusName=name)
        with suppress(ClientError):
            self.aws.alder.delete_event_bus(Name=name)

    # Whoever has the publisher account's credentials too
    def behind_our_back(self) -> None:
        self.aws.withdraw(self.any().name)

    def elsewhere(self) -> None:
        """Give a name away to Birch, who accepts it and listens."""
        name = self.any().name
        self.aws.withdraw(name)
        self.aws.offer(name, BIRCH)
        self.aws.birch.create_event_bus(Name=name, EventSourceName=name)
        self.aws.birch.put_rule(Name="everything", EventBusName=name, EventPattern='{"account":["333333333333"]}')
        targets = [{"Id": "inbox", "Arn": self.birchs_inbox.arn}]
        self.aws.birch.put_targets(Rule="everything", EventBusName=name, Targets=targets)

    def given_back(self) -> None:
        for bus in self.aws.birch.list_event_buses(NamePrefix="aws.partner/")["EventBuses"]:
            self.aws.birch.remove_targets(Rule="everything", EventBusName=bus["Name"], Ids=["inbox"])
            self.aws.birch.delete_rule(Name="everything", EventBusName=bus["Name"])
            self.aws.birch.delete_event_bus(Name=bus["Name"])
            self.aws.withdraw(bus["Name"], BIRCH)

    # The circumstances
    def pass_time(self) -> None:
        self.aws.advance(self.random.choice([3_600, DAY, 10 * DAY]))

    @contextmanager
    def a_bad_day_for_publishing(self) -> Iterator[str]:
        """Let AWS misbehave towards the publisher, now and then."""
        faults = self.random.choice(
            [
                *[{}] * 4,
                {"entry_failure_every": 2, "entry_failure_code": self.random.choice(ENTRY_CODES)},
                {"throttle_rate": 0.5},
                {"internal_rate": 0.5},
                {"timeout_after_accepting_rate": 0.5},
                {"credentials_error": self.random.choice(CREDENTIALS)},
            ]
        )
        self.aws.faults(**faults)
        yield str(faults or "")
        self.aws.faults()

    @contextmanager
    def a_bad_day_for_asking(self) -> Iterator[str]:
        """Let AWS misbehave towards the sweep, or kill the worker between a call and its commit, now and then."""
        faults = self.random.choice(
            [
                *[{}] * 4,
                {"operation_errors": {self.random.choice(CONTROL): self.random.choice(REFUSALS)}},
                {"credentials_error": self.random.choice(CREDENTIALS)},
                {"disabled_regions": ["eu-west-1"]},
                {"source_limit": 0},
            ]
        )
        self.aws.faults(**faults)
        killed = self.random.choice([*COMMITS, *[""] * 9])
        with self._killed_in(killed):
            yield f"{faults or ''}{killed}"
        self.aws.faults()

    @contextmanager
    def _killed_in(self, module: str) -> Iterator[None]:
        if not module:
            yield
            return
        with patch(f"integrations.sources.{module}.lock_claimed", side_effect=Killed):
            yield
