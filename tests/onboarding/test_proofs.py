"""Each proof from facts: facts in which it holds, in which it must not, and in which it stops holding."""

from datetime import timedelta

import pytest
from django.db import connection

from integrations.events.trial import TEST_TYPE
from integrations.onboarding.appointment import call_off, set_appointment
from integrations.onboarding.event_catalogue import remove_type
from integrations.onboarding.models import Appointment, CataloguedType, Questionnaire
from integrations.onboarding.proofs import STORED
from integrations.onboarding.questionnaire import begin_questionnaire
from integrations.onboarding.run_events import VALIDATION_TYPE
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.accounts import put_tenant
from tests.events.history import execute
from tests.onboarding.conftest import SYSTEM
from tests.onboarding.proof_stories import Case, Told, both, found, keep, nothing

pytestmark = pytest.mark.usefixtures("store")


def again(case: Case) -> None:
    """A source was offered again and attached again."""
    source = case.source()
    case.change(source, "state", "requested", "expired", at=case.now - timedelta(minutes=2))
    case.change(source, "observed", "active", "pending", at=case.now - timedelta(minutes=1))


def made_again_only(case: Case) -> None:
    case.change(case.source(observed="pending"), "state", "requested", "expired")


def sent_and_kept(case: Case) -> None:
    allow_every_policy()
    case.environment(gate_policy="send_and_keep")
    case.attempt(case.source(), observed=2)


def held(case: Case) -> None:
    case.environment(gate_policy="hold")
    case.attempt(case.source(), observed=2)


def allow_every_policy() -> None:
    """Where the schema still refuses the policies that are to come, let this transaction have them."""
    execute("set constraints all immediate")
    execute("alter table registration_environment drop constraint if exists environment_gate_policy_built")


def retried(case: Case) -> None:
    source = case.source()
    event = case.attempt(source, "ThrottlingException", ago=5)
    case.attempt(source, event=event)


def sent_twice(case: Case) -> None:
    source = Source.objects.first()
    event = case.attempt(source, ago=3)
    case.attempt(source, event=event)


def refused_ever_since(case: Case) -> None:
    source = Source.objects.first()
    execute("update activity set last_accepted_at = %s", case.now - timedelta(hours=1))
    for second in range(20):
        case.attempt(source, "AccessDeniedException", ago=second)


def accepted_unread(case: Case) -> None:
    execute("update attempts set aws_id = null where code = 0")


def dated(case: Case) -> None:
    set_appointment(
        integration=case.integration, starts_at=case.now + timedelta(days=9), time_zone="Europe/Berlin", minutes=60,
        place="", note="", actor=SYSTEM, now=case.now,
    )  # fmt: skip


def called_off(case: Case) -> None:
    call_off(appointment=Appointment.objects.get(), actor=SYSTEM, now=case.now)


def approved_anew(case: Case) -> None:
    begin_questionnaire(integration=case.integration, actor=SYSTEM, now=case.now)
    Questionnaire.objects.update(approved_at=case.now + timedelta(hours=1), approved_revision=1)


CASES: tuple[Told[Case], ...] = (
    Told(
        "test-registered", nothing, lambda c: c.environment(regions=[]), lambda c: c.environment(publisher_account="")
    ),
    Told(
        "production-registered",
        nothing,
        lambda c: c.integration.environments.filter(kind="production").delete(),
        lambda c: c.environment("production", regions=[]),
    ),
    Told(
        "receiver-named",
        nothing,
        lambda c: c.environment(receiver_accounts=["111111111111"]),
        lambda c: c.environment(receiver_accounts=[]),
    ),
    Told(
        "contacts-named",
        lambda c: c.profile(company="Kestrel", partner_emails=["apn@example.com"]),
        lambda c: c.profile(company="Kestrel"),
        lambda c: c.profile(company=""),
    ),
    Told(
        "request-sent",
        lambda c: c.letter(),
        lambda c: c.letter(body="of another account"),
        lambda c: c.environment(publisher_account="333333333333"),
        "letter",
    ),
    Told(
        "switched-on",
        lambda c: c.environment("production", enabled_at=c.now),
        nothing,
        lambda c: c.environment("production", enabled_at=None),
        "at",
    ),
    Told(
        "types-few",
        both(
            lambda c: c.catalogued("order.placed"),
            *(lambda c, name=name: c.posted(name) for name in ("order.placed", TEST_TYPE, VALIDATION_TYPE)),
        ),
        nothing,
        lambda c: c.posted("order.gone"),
        "types",
    ),
    Told("source-created", lambda c: c.source(), lambda c: c.source(observed="unknown"), keep(observed="none"), "arn"),
    Told("arn-stored", lambda c: c.source(), lambda c: c.source(arn=""), keep(arn="arn:aws:other"), "arn"),
    Told(
        "bus-created",
        lambda c: c.source(),
        lambda c: c.source(observed="pending"),
        keep(observed="pending"),
        "asked_at",
    ),
    Told(
        "created-on-submit",
        lambda c: c.source(),
        lambda c: c.source(created_at=c.now - timedelta(minutes=3)),
        lambda c: c.source(tenant="birch", created_at=c.now - timedelta(hours=3)),
        "created_at",
    ),
    Told(
        "region-chosen",
        lambda c: c.source(),
        lambda c: c.source(region="eu-central-1"),
        lambda c: c.environment(regions=["us-east-1"]),
        "regions",
    ),
    Told(
        "names-unique",
        lambda c: c.source(),
        lambda c: c.source(name="aws.partner/example.com.test/everybody/events"),
        keep(name="aws.partner/example.com.test/everybody/events"),
        "example",
    ),
    Told(
        "several-regions",
        both(lambda c: c.source(), lambda c: c.source(tenant="birch", region="us-east-1")),
        lambda c: c.source(),
        lambda c: Source.objects.filter(region="us-east-1").update(observed="deleted"),
        "regions",
    ),
    Told(
        "gone-handled",
        lambda c: c.change(c.source(observed="none", ended="gone"), "observed", "none"),
        lambda c: c.source(),
        lambda c: Source.objects.update(suspect_since=c.now - timedelta(hours=1)),
        "source",
    ),
    Told(
        "deletion-seen",
        lambda c: c.change(c.source(desired="absent", observed="none"), "desired", "absent", "present"),
        lambda c: c.source(),
        keep(failure_final=True, failure_code="AccessDenied"),
        "source",
    ),
    Told("recreation-reattaches", again, made_again_only, keep(ended="expired"), "made_again_at"),
    Told(
        "expiry-handled",
        lambda c: c.change(c.source(observed="none", ended="expired"), "observed", "none", "pending", cause="expiry"),
        lambda c: c.change(c.source(observed="none", ended="gone"), "observed", "none"),
        lambda c: c.source(tenant="birch", observed="pending", expires_at=c.now - timedelta(days=2)),
        "at",
    ),
    Told(
        "event-accepted",
        lambda c: c.attempt(c.source()),
        lambda c: c.attempt(c.source(), "x"),
        refused_ever_since,
        "at",
    ),
    Told("sent-while-pending", sent_and_kept, held, lambda c: c.environment(gate_policy="hold"), "aws_event_id"),
    Told(
        "entries-inspected",
        lambda c: c.call(c.source(), "accepted", "InternalFailure", "accepted"),
        lambda c: c.call(c.source(), "accepted", "accepted"),
        accepted_unread,
        "request_id",
    ),
    Told("retries-selective", retried, lambda c: c.attempt(c.source()), sent_twice, "request_id"),
    Told(
        "batches-bounded",
        lambda c: c.call(c.source(), *["accepted"] * 20),
        lambda c: c.attempt(c.source()),
        lambda c: c.call(Source.objects.first(), *["accepted"] * 21),
        "entries",
    ),
    Told("questionnaire-sent", lambda c: c.letter("questionnaire"), lambda c: c.letter(), approved_anew, "letter"),
    Told("validation-dated", dated, both(dated, called_off), called_off, "time_zone"),
    Told(
        "demonstration-rehearsed",
        lambda c: c.run("passed", "rehearsal"),
        lambda c: c.run("failed", "rehearsal"),
        lambda c: c.run("failed"),
        "report_sha256",
    ),
    Told(
        "demonstrated",
        lambda c: c.run("passed"),
        lambda c: c.run("passed", "rehearsal"),
        lambda c: c.run("failed"),
        "report_sha256",
    ),
    Told(
        "icon-shown",
        lambda c: c.profile(icon_enabled_at=c.now),
        nothing,
        lambda c: c.profile(icon_enabled_at=None),
        "at",
    ),
)


@pytest.mark.parametrize("told", CASES, ids=lambda told: told.key)
def test_a_proof_holds_and_stops_holding(case: Case, told: Told) -> None:
    told.holds(case)
    before = found(case, told.key)
    assert before.holds is True, before.says
    assert before.evidence["says"] == before.says
    assert before.evidence[told.evidence]

    told.stops(case)
    after = found(case, told.key, before.evidence)
    assert after.holds is False, after.says
    assert after.says != before.says


@pytest.mark.parametrize("told", CASES, ids=lambda told: told.key)
def test_a_proof_does_not_hold_of_too_little(case: Case, told: Told) -> None:
    told.fails(case)
    finding = found(case, told.key)
    assert finding.holds is False
    assert finding.says.endswith((".", "!", "?"))
    assert finding.evidence == {}


def test_what_was_attached_again_and_then_deleted_by_us_stays_proven(case: Case) -> None:
    again(case)
    keep(desired="absent", observed="none", ended="gone")(case)
    assert found(case, "recreation-reattaches").holds is True


def test_a_call_that_is_too_large_breaks_the_bound(case: Case) -> None:
    case.call(case.source(), "accepted", "accepted", size=200_000)
    assert "bytes" in found(case, "batches-bounded").says


@pytest.mark.parametrize("key", ["entries-inspected", "retries-selective", "batches-bounded"])
def test_what_was_proven_from_attempts_that_are_pruned_stays_proven(case: Case, key: str) -> None:
    case.source()
    assert found(case, key, {"says": "It was seen.", "at": "2026-01-01"}).holds is True


def test_more_types_than_aws_takes_do_not_pass(case: Case) -> None:
    CataloguedType.objects.bulk_create(CataloguedType(integration=case.integration, name=f"t{n}") for n in range(16))
    assert "at most 15" in found(case, "types-few").says
    remove_type(known=CataloguedType.objects.get(name="t1"), actor=SYSTEM, now=case.now)
    assert found(case, "types-few").holds is True


def test_sources_of_another_integration_prove_nothing(case: Case, environment: Environment) -> None:
    owner = put_tenant(directory=environment.directory, external_id="x", actor=SYSTEM, now=case.now)[0]
    source = Source.objects.create(
        environment=environment, tenant=owner, account="222222222222", region="eu-west-1", name="n", arn="a",
        observed="active", observed_at=case.now, provisioned_at=case.now,
    )  # fmt: skip
    case.attempt(source, observed=2)
    keys = ("source-created", "arn-stored", "bus-created", "event-accepted", "created-on-submit", "several-regions")
    assert {key: found(case, key).holds for key in keys} == dict.fromkeys(keys, False)


def test_every_proof_from_facts_has_its_story() -> None:
    assert {told.key for told in CASES} == STORED.keys()


def test_the_proofs_of_attempts_read_few_blocks(case: Case) -> None:
    """The accepted attempts of a source have no index of their own: only the minutes around the newest are read."""
    case.attempt(case.source())
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain select * from attempts where at between now() - interval '2 min' and now()")
        assert "attempts_" in "\n".join(row[0] for row in cursor.fetchall())
