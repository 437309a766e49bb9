"""How a proof is told: the facts that it needs, facts that are not enough, and what takes it away."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from integrations.aws.names import source_arn, source_name
from integrations.onboarding.event_catalogue import put_type
from integrations.onboarding.letters import draft_letter, record_sent_by_hand
from integrations.onboarding.models import ChecklistItem, Letter, Profile, ValidationRun
from integrations.onboarding.proofs import PROOFS, Facts, facts_of
from integrations.registration.models import Environment, Integration
from integrations.sources.models import Lane, Source, SourceChange
from tenants.accounts import put_tenant
from tenants.identifiers import uuid7
from tests.conftest import SYSTEM
from tests.events.history import code_id, execute

C = TypeVar("C", bound="Case")


@dataclass
class Case:
    """The integration, and hands to make facts with."""

    integration: Integration
    now: datetime

    @property
    def test(self) -> Environment:
        return self.integration.environments.get(kind="test")

    def environment(self, kind: str = "test", **fields: Any) -> None:
        Environment.objects.filter(integration=self.integration, kind=kind).update(**fields)

    def profile(self, **fields: Any) -> None:
        Profile.objects.filter(integration=self.integration).update(**fields)

    def source(self, tenant: str = "alder", region: str = "eu-west-1", **fields: Any) -> Source:
        """A source as AWS would show it, with the name and the ARN that it should have."""
        owner = put_tenant(directory=self.test.directory, external_id=tenant, actor=SYSTEM, now=self.now)[0]
        name = source_name(self.test.namespace, owner.slug, owner.public_id, "events")
        values = {
            "observed": "active",
            "observed_at": self.now,
            "provisioned_at": self.now,
            "name": name,
            "arn": source_arn(region, name),
        } | fields
        source = Source.objects.create(
            environment=self.test, tenant=owner, account="222222222222", region=region, label="events", **values
        )
        Source.objects.filter(pk=source.pk).update(created_at=fields.get("created_at", self.now - timedelta(seconds=2)))
        Lane.objects.create(source=source, environment=self.test, region=region)
        return source

    def change(self, source: Source, field: str, after: str, before: str = "active", **fields: Any) -> None:
        values = {"at": self.now, "cause": "aws"} | fields
        SourceChange.objects.create(source=source, field=field, before=before, after=after, **values)

    def attempt(
        self,
        source: Source,
        code: str = "accepted",
        *,
        ago: float = 0.0,
        observed: int = 3,
        event: UUID | None = None,
        aws_id: UUID | None = None,
        request: UUID | None = None,
        size: int = 100,
    ) -> UUID:
        """Write what the publisher would have recorded, `ago` seconds ago."""
        event, at = event or uuid7(), self.now - timedelta(seconds=ago)
        execute(
            "insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed, aws_id, request_id)"
            " values (%s, %s, %s, %s, 1, 20, %s, %s, %s, %s)",
            event, source.pk, at, code_id(code), size, observed, aws_id or (uuid7() if code == "accepted" else None),
            request or uuid7(),
        )  # fmt: skip
        if code == "accepted":
            execute(
                "insert into activity values (%s, %s) on conflict (source_id) do update"
                " set last_accepted_at = greatest(activity.last_accepted_at, excluded.last_accepted_at)",
                source.pk,
                at,
            )
        return event

    def call(self, source: Source, *codes: str, **fields: Any) -> None:
        request = uuid7()
        for code in codes:
            self.attempt(source, code, request=request, **fields)

    def catalogued(self, *names: str) -> None:
        for name in names:
            put_type(integration=self.integration, name=name, actor=SYSTEM, now=self.now)

    def posted(self, type_name: str) -> UUID:
        """Let an event of Alder have been stored, and return its id."""
        event = uuid7()
        owner = put_tenant(directory=self.test.directory, external_id="alder", actor=SYSTEM, now=self.now)[0]
        execute("insert into event_types (name) values (%s) on conflict do nothing", type_name)
        execute(
            "insert into events (id, environment_id, tenant_id, type_id, disposition, wire)"
            " select %s, %s, %s, id, 0, '' from event_types where name = %s",
            event,
            self.test.pk,
            owner.pk,
            type_name,
        )
        return event

    def letter(self, kind: str = "request", body: str = "AccountID1 111111111111") -> None:
        """A letter that went out."""
        letter = draft_letter(
            integration=self.integration, stage=1, kind=Letter.Kind(kind), subject="Hello", body=body, actor=SYSTEM,
            now=self.now,
        )  # fmt: skip
        record_sent_by_hand(letter=letter, version=1, sent_at=self.now, actor=SYSTEM, now=self.now)

    def run(self, result: str, kind: str = "real") -> None:
        """A run whose result was recorded; the later call is the later run."""
        ValidationRun.objects.create(
            integration=self.integration, environment=self.test, kind=kind, account="222222222222", region="eu-west-1",
            state="ended", started_at=self.now, started_by="ada", ended_at=self.now, result=result,
            result_at=self.now, result_by="ada", report={}, report_sha256="0" * 64,
        )  # fmt: skip


@dataclass(frozen=True)
class Told(Generic[C]):
    """A proof, the facts that it needs, facts that are not enough, and what takes it away."""

    key: str
    holds: Callable[[C], object]
    fails: Callable[[C], object]
    stops: Callable[[C], object]
    evidence: str = "says"


def nothing(_: Case) -> None:
    """Nothing has happened yet."""


def both(*acts: Callable[[C], object]) -> Callable[[C], object]:
    return lambda case: [act(case) for act in acts]


def keep(**fields: Any) -> Callable[[Case], object]:
    return lambda case: Source.objects.all().update(**fields)


def found(case: Case, key: str, evidence: dict[str, Any] | None = None) -> Any:
    item = ChecklistItem.objects.get(stage__integration=case.integration, key=key)
    facts: Facts = replace(facts_of(item, case.now), evidence=evidence)
    return PROOFS[key](facts)
