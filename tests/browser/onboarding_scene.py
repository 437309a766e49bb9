"""An integration in the middle of its way through AWS's stages, with something in every corner of its pages."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from integrations.notifications.sweep import notice_what_happened
from integrations.onboarding.appointment import set_appointment
from integrations.onboarding.attachments import add_attachment
from integrations.onboarding.development import create_own_source
from integrations.onboarding.event_catalogue import put_type
from integrations.onboarding.letters import draft_letter, record_answer, record_sent_by_hand
from integrations.onboarding.models import ChecklistItem, Letter, Stage, ValidationRun, ValidationStep
from integrations.onboarding.questionnaire import answer_question, begin_questionnaire
from integrations.onboarding.request_letter import draft_request
from integrations.onboarding.run_actions import record_result, start_run
from integrations.onboarding.stages import begin_integration
from integrations.onboarding.timeline import comment
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Integration
from integrations.sources.models import Source
from tenants.audit import Actor
from tenants.models import User

ACTOR = Actor.system("test")
SENDER, RECEIVER = "111111111111", "222222222222"
DIAGRAM = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30"/></svg>'
LONG = "a-word-without-an-end-" * 6  # what does not break widens a page
STEPS_OF_RUN = {
    "create": {"state": "done", "proof": "live", "request_id": "0" * 36, "evidence": {"arn": f"arn:aws:events:{LONG}"}},
    "publish_pending": {"state": "done", "proof": "live", "evidence": {"aws_event_id": "0" * 36}},
    "accept": {"state": "doing", "awaits_person": True, "said": "In account 222222222222, make the event bus."},
}


@dataclass(frozen=True)
class Scene:
    """The integration and the paths of its pages."""

    integration: Integration
    paths: tuple[str, ...]


def set_the_scene(lead: User, now: datetime) -> Scene:
    """Begin two integrations; the first has all of it, the second has no questionnaire and no product data."""
    integration = _begun(
        "orders",
        now,
        {"company": "Kestrel & Søn", "domain": "orders.com", "partner_emails": ["apn@example.com"], "lead": lead},
    )
    bare = _begun("bare", now, {})
    type_id = put_type(integration=integration, name="Order placed", actor=ACTOR, now=now).public_id
    _hurry(integration, lead, now)
    sent, draft, failed = _letters(integration, now)
    _questionnaire(integration, now)
    going_on, over = _runs(integration, now)
    source = create_own_source(integration=integration, region="eu-west-1", actor=ACTOR, now=now)
    Source.objects.filter(pk=source.pk).update(observed="pending", observed_at=now, provisioned_at=now)
    comment(integration=integration, text=LONG, actor=ACTOR, now=now)
    notice_what_happened(now=now)
    one, late = f"/onboarding/integrations/{integration.public_id}", "/onboarding/orders"
    items = {key: ChecklistItem.objects.get(stage__integration=integration, key=key).public_id for key in ITEMS}
    file = integration.attachments.get().public_id
    pages = (
        "", "?stage=2", "?stage=4", "/timeline", "/development", "/edit", "/environments/test", "/receiver",
        "/hand-over", "/archive", "/approval", "/event-types", "/event-types/new", f"/event-types/{type_id}",
        f"/files/{file}/remove", *(f"/letters/{each.public_id}" for each in (sent, draft, failed)),
        *(f"/items/{item}" for item in items.values()),
    )  # fmt: skip
    late_pages = (
        "questionnaire", "questionnaire/questions", "questionnaire/answers/summary/earlier", "validation",
        f"validation/runs/{going_on.public_id}", f"validation/runs/{over.public_id}",
        f"validation/runs/{over.public_id}/report", "go-live",
    )  # fmt: skip
    return Scene(
        integration,
        (
            "/onboarding/board", "/onboarding/board?archived=1", "/onboarding/new", *(one + page for page in pages),
            *(f"{late}/{page}" for page in late_pages), f"/onboarding/{bare.slug}/questionnaire",
            "/accounts/notifications", "/operators/notifications",
        ),
    )  # fmt: skip


ITEMS = ("receiver-named", "domain-owned", "test-registered")


def _begun(slug: str, now: datetime, profile: dict[str, object]) -> Integration:
    sides = [
        EnvironmentSettings("test", f"aws.partner/{slug}.com.test", SENDER, ["eu-west-1", "us-east-1"],
                            receiver_accounts=[RECEIVER]),
        EnvironmentSettings("production", f"aws.partner/{slug}.com", SENDER, ["eu-west-1"]),
    ]  # fmt: skip
    return begin_integration(
        slug=slug, name=slug.title(), environments=sides, profile=profile, actor=ACTOR, now=now - timedelta(days=9)
    )


def _hurry(integration: Integration, lead: User, now: datetime) -> None:
    Stage.objects.filter(integration=integration, number=1).update(due_on=date(2020, 1, 1))
    items = ChecklistItem.objects.filter(stage__integration=integration)
    lost = {"state": "lost", "lost_at": now, "missing": "The account is the sender's."}
    items.filter(key="receiver-named").update(**lost, evidence={"says": "Account 222222222222 receives."})
    items.filter(key="test-registered").update(
        state="done", done_at=now, checked_at=now, evidence={"says": "It is.", "namespace": f"aws.partner/{LONG}"}
    )
    items.filter(key="domain-owned").update(assignee=lead, due_on=date(2020, 1, 1))


def _letters(integration: Integration, now: datetime) -> tuple[Letter, Letter, Letter]:
    draft = draft_request(integration=integration, actor=ACTOR, now=now)
    fields = {"integration": integration, "stage": 1, "kind": Letter.Kind.OTHER, "actor": ACTOR, "now": now}
    sent, failed = (draft_letter(subject=subject, body=LONG, **fields) for subject in ("Sent", "Failed"))  # type: ignore[arg-type]
    record_sent_by_hand(letter=sent, version=1, sent_at=now, actor=ACTOR, now=now)
    record_answer(letter=sent, received_at=now, sender="Ana, AWS", text=LONG, actor=ACTOR, now=now)
    Letter.objects.filter(pk=failed.pk).update(
        state="queued", queued_at=now, due_at=now, tries=3, failure="The mail server cannot be reached."
    )
    return sent, draft, failed


def _questionnaire(integration: Integration, now: datetime) -> None:
    row = begin_questionnaire(integration=integration, actor=ACTOR, now=now)
    file = add_attachment(integration=integration, name="lanes.svg", content=DIAGRAM, actor=ACTOR, now=now)
    answers = {"summary": LONG, "landing_page": "no address", "diagram": [str(file.public_id)]}
    for key, value in answers.items():
        answer_question(questionnaire=row, key=key, value=value, seen_version=0, actor=ACTOR, now=now)
    set_appointment(
        integration=integration, starts_at=now + timedelta(days=30), time_zone="America/Los_Angeles", minutes=60,
        place="Chime", note=LONG, actor=ACTOR, now=now,
    )  # fmt: skip


def _runs(integration: Integration, now: datetime) -> tuple[ValidationRun, ValidationRun]:
    """One that waits for a person, and one that is over and recorded."""
    place = {"account": RECEIVER, "region": "eu-west-1", "stepwise": False, "actor": ACTOR, "now": now}
    over = start_run(integration=integration, kind=ValidationRun.Kind.REHEARSAL, **place)  # type: ignore[arg-type]
    over.steps.update(state="done", proof="person", note="Seen.", by="ada@example.com", started_at=now, ended_at=now)
    over.steps.filter(key="expiry").update(state="skipped", proof="", note="Takes days.")
    ValidationRun.objects.filter(pk=over.pk).update(state="ended", due_at=None, ended_at=now)
    record_result(run=over, result=ValidationRun.Result.PASSED, note="", actor=ACTOR, now=now)
    going_on = start_run(integration=integration, kind=ValidationRun.Kind.REAL, **place)  # type: ignore[arg-type]
    for key, fields in STEPS_OF_RUN.items():
        ended = now if fields["state"] == "done" else None
        ValidationStep.objects.filter(run=going_on, key=key).update(started_at=now, ended_at=ended, **fields)
    return going_on, over
