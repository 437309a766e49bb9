"""The pages of stages 3 and 4, without a browser and without JavaScript."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import icalendar
import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.onboarding import run_engine
from integrations.onboarding.evidence_report import canonical
from integrations.onboarding.models import Letter, Questionnaire, QuestionnaireAnswer, ValidationRun
from integrations.onboarding.run_actions import record_result, start_run
from integrations.onboarding.run_engine import advance_runs
from integrations.onboarding.run_outcomes import Shown, Waits
from integrations.onboarding.run_plan import STEPS
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor
from tests.dashboard.pages import seen_on

SYSTEM = Actor.system("test")
BASE = "/onboarding/orders"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
HTMX = {"HX-Request": "true"}


@pytest.fixture
def integration(db: None) -> Integration:
    sides = [
        EnvironmentSettings(
            "test", "aws.partner/example.org.test", "111111111111", ["eu-west-1"], receiver_accounts=["222222222222"]
        ),
        EnvironmentSettings("production", "aws.partner/example.org", "111111111111", ["eu-west-1"]),
    ]
    return begin_integration(slug="orders", name="Orders", environments=sides, actor=SYSTEM, now=timezone.now())


@pytest.fixture
def manager(integration: Integration, client_of: Callable[[str], Client]) -> Client:
    return client_of("manager")


@pytest.fixture
def support(integration: Integration, client_of: Callable[[str], Client]) -> Client:
    return client_of("support")


@pytest.fixture
def begun(manager: Client, integration: Integration) -> Questionnaire:
    assert manager.post(f"{BASE}/questionnaire/begin").status_code == 302
    return Questionnaire.objects.get(integration=integration)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def save(client: Client, key: str, value: Any, version: int = 0, **headers: str) -> Any:
    return client.post(f"{BASE}/questionnaire/answers/{key}", {"value": value, "version": version}, headers=headers)


def test_a_questionnaire_that_is_not_begun_says_who_begins_it(manager: Client, support: Client) -> None:
    assert "Begin the questionnaire" in text_of(manager.get(f"{BASE}/questionnaire"))
    assert "A partner manager begins it" in text_of(support.get(f"{BASE}/questionnaire"))
    assert manager.get(f"{BASE}/questionnaire/pdf").status_code == 404


def test_an_address_names_the_integration_by_slug_or_by_id(manager: Client, integration: Integration) -> None:
    assert text_of(manager.get(f"/onboarding/{integration.public_id}/validation"))
    assert manager.get("/onboarding/nothing/validation").status_code == 404
    assert manager.get("/onboarding/01890000-0000-7000-8000-000000000000/validation").status_code == 404


def test_staff_read_it_and_only_those_who_take_it_to_aws_change_it(
    begun: Questionnaire, support: Client, manager: Client
) -> None:
    page = text_of(support.get(f"{BASE}/questionnaire"))
    assert "These questions are our example" in page
    assert ">Save<" not in page
    assert save(support, "summary", "x").status_code == 403
    assert ">Save<" in text_of(manager.get(f"{BASE}/questionnaire"))


def test_the_page_asks_the_database_few_questions(
    begun: Questionnaire, manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    save(manager, "summary", "x")
    manager.get(f"{BASE}/questionnaire")
    with django_assert_max_num_queries(12):
        manager.get(f"{BASE}/questionnaire")
    with django_assert_max_num_queries(12):
        manager.get(f"{BASE}/validation")


def test_without_javascript_an_answer_is_stored_and_the_page_comes_back_at_its_question(
    begun: Questionnaire, manager: Client
) -> None:
    answer = save(manager, "summary", "Events for all")
    assert (answer.status_code, answer.url) == (302, f"{BASE}/questionnaire#summary")
    assert "Events for all" in text_of(manager.get(f"{BASE}/questionnaire"))


def test_with_htmx_only_what_is_said_of_an_answer_comes_back(begun: Questionnaire, manager: Client) -> None:
    part = text_of(save(manager, "technical_contact", "Ada", **HTMX))
    assert "Stored" in part
    assert 'name="version" value="1"' in part
    assert "<html" not in part
    assert "<textarea" not in part


def test_of_two_who_edit_the_second_sees_both_with_and_without_javascript(
    begun: Questionnaire, manager: Client, client_of: Callable[[str], Client]
) -> None:
    save(manager, "summary", "theirs")
    other = client_of("operations")
    refused = save(other, "summary", "mine")
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Two answers stand against each other" in page
    assert "theirs" in page
    assert ">mine</textarea>" in page
    part = text_of(save(other, "summary", "mine again", **HTMX))
    assert "Save mine instead" in part
    assert 'name="version" value="1"' in part
    history = text_of(manager.get(f"{BASE}/questionnaire/answers/summary/earlier"))
    assert history.count("Came second") == 2
    save(other, "summary", "mine", 1)
    assert QuestionnaireAnswer.objects.get(key="summary").value == "mine"


def test_files_are_added_and_taken_out_and_scripts_are_never_shown_inline(
    begun: Questionnaire, manager: Client
) -> None:
    url = f"{BASE}/questionnaire/answers/diagram"
    manager.post(url, {"version": 0, "file": SimpleUploadedFile("../arch.svg", SVG)})
    page = text_of(manager.get(f"{BASE}/questionnaire"))
    assert "arch.svg" in page
    assert "<rect" not in page
    refused = manager.post(url, {"version": 1, "file": SimpleUploadedFile("x.exe", b"MZ\x00\x01")})
    assert refused.status_code == 422
    assert "Files of this kind are not kept" in refused.content.decode()
    manager.post(url, {"version": 1})
    assert QuestionnaireAnswer.objects.get(key="diagram").value == []


def test_what_somebody_writes_is_text_on_every_page(begun: Questionnaire, manager: Client) -> None:
    save(manager, "summary", "<script>alert(1)</script>")
    for path in ("questionnaire", "questionnaire/answers/summary/earlier"):
        assert "<script>alert" not in text_of(manager.get(f"{BASE}/{path}"))


def test_other_questions_are_pasted_in_and_faults_are_named(begun: Questionnaire, manager: Client) -> None:
    url = f"{BASE}/questionnaire/questions"
    document = json.loads(text_of(manager.get(f"{url}.json")))
    document["sections"][0]["questions"][0]["kind"] = "essay"
    refused = manager.post(url, {"document": json.dumps(document)})
    assert refused.status_code == 422
    assert "Section 1, question 1: the kind" in refused.content.decode()
    document["sections"][0]["questions"][0]["kind"] = "text"
    document["sections"][0]["title"] = "In AWS's words"
    assert manager.post(url, {"document": json.dumps(document)}).status_code == 302
    page = text_of(manager.get(f"{BASE}/questionnaire"))
    assert "In AWS&#x27;s words" in page
    assert "our example" not in page


def test_the_documents_are_downloads(begun: Questionnaire, support: Client) -> None:
    answer = support.get(f"{BASE}/questionnaire/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "EventBridge partner questionnaire" in pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    markdown = support.get(f"{BASE}/questionnaire/markdown")
    assert markdown.content.decode().startswith("# EventBridge partner questionnaire")


def test_only_a_complete_questionnaire_is_approved_and_sent(begun: Questionnaire, manager: Client) -> None:
    manager.post(f"{BASE}/questionnaire/approve", {"revision": begun.revision})
    assert "Before it can be approved" in text_of(manager.get(f"{BASE}/questionnaire"))
    small = {
        "title": "Small",
        "sections": [
            {"key": "s", "title": "S", "questions": [{"key": "q", "kind": "text", "title": "Q", "required": True}]}
        ],
    }
    manager.post(f"{BASE}/questionnaire/questions", {"document": json.dumps(small)})
    save(manager, "q", "a")
    revision = Questionnaire.objects.get().revision
    manager.post(f"{BASE}/questionnaire/approve", {"revision": revision})
    assert "The questionnaire is approved" in text_of(manager.get(f"{BASE}/questionnaire"))
    manager.post(f"{BASE}/questionnaire/letter")
    letter = Letter.objects.get(kind="questionnaire")
    assert letter.attachments.get().content_type == "application/pdf"
    manager.post(f"{BASE}/questionnaire/letters/{letter.public_id}/send")
    letter.refresh_from_db()
    assert letter.state == "queued"


def agree(client: Client, **fields: Any) -> Any:
    wanted = {
        "local": f"{timezone.now() + timedelta(days=30):%Y-%m-%dT10:00}",
        "time_zone": "Asia/Tokyo",
        "minutes": 45,
        "place": "A room",
    }
    return client.post(f"{BASE}/validation/appointment", wanted | fields)


def test_a_date_is_agreed_shown_and_taken_into_a_calendar(manager: Client, support: Client) -> None:
    assert support.get(f"{BASE}/validation/calendar").status_code == 404
    assert agree(manager).status_code == 302
    page = text_of(support.get(f"{BASE}/validation"))
    assert "10:00 Asia/Tokyo (01:00 UTC)" in page
    event = icalendar.Calendar.from_ical(support.get(f"{BASE}/validation/calendar").content).walk("VEVENT")[0]
    assert event.decoded("DTSTART").hour == 1
    assert str(event["URL"]).endswith(f"{BASE}/validation")
    manager.post(f"{BASE}/validation/called-off")
    assert "AWS has not named a date yet" in text_of(manager.get(f"{BASE}/validation"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"local": "2027-03-28T02:30", "time_zone": "Europe/Berlin"}, "there is no 02:30"),
        ({"local": "2027-10-31T02:30", "time_zone": "Europe/Berlin"}, "comes twice"),
        ({"local": "tomorrow"}, "Write date and time like"),
        ({"local": "2020-01-01T10:00"}, "This moment is over"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"minutes": 1}, "5 to 480 minutes"),
    ],
)
def test_a_date_that_cannot_be_comes_back_with_a_sentence(manager: Client, fields: dict[str, Any], words: str) -> None:
    answer = agree(manager, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that are shown at once, but the rule, which a person confirms."""

    at_once = {
        key: replace(step, look=lambda look: Shown({"seen": look.step.key}, "r-1")) for key, step in STEPS.items()
    }
    at_once["rule"] = replace(STEPS["rule"], look=lambda look: Waits("Make a rule.", None, awaits_person=True))
    monkeypatch.setattr(run_engine, "STEPS", at_once)


def test_a_run_is_started_watched_confirmed_and_its_result_recorded(
    manager: Client, support: Client, steps: None
) -> None:
    started = manager.post(
        f"{BASE}/validation/runs", {"kind": "real", "account": "222222222222", "region": "eu-west-1"}
    )
    here = started.url
    run = ValidationRun.objects.get()
    advance_runs(clock=timezone.now)
    page = text_of(support.get(here))
    assert "Your turn: create a rule" in page
    assert "I have seen it" not in page
    assert "I have seen it" in text_of(manager.get(here))
    assert support.post(f"{here}/do/confirm", {"step": "rule", "note": "x"}).status_code == 403
    assert manager.post(f"{here}/do/nothing").status_code == 404
    manager.post(f"{here}/do/confirm", {"step": "rule", "note": "Seen <b>there</b>"})
    advance_runs(clock=timezone.now)
    page = text_of(manager.get(here))
    assert "All steps are taken" in page
    assert "Seen &lt;b&gt;there" in page

    manager.post(f"{here}/do/result", {"result": "passed", "note": "Well done"})
    run.refresh_from_db()
    report = text_of(support.get(f"{here}/report"))
    assert run.report_sha256 in report
    assert support.get(f"{here}/report/json").content == canonical(run.report)
    pdf = pypdf.PdfReader(io.BytesIO(support.get(f"{here}/report/pdf").content))
    assert run.report_sha256 in "".join("".join(page.extract_text().split()) for page in pdf.pages)


def test_the_live_region_answers_304_until_something_happens(
    manager: Client, steps: None, integration: Integration
) -> None:
    run = start_run(
        integration=integration,
        kind=ValidationRun.Kind.REHEARSAL,
        account="222222222222",
        region="eu-west-1",
        stepwise=True,
        actor=SYSTEM,
        now=timezone.now(),
    )
    here = f"{BASE}/validation/runs/{run.public_id}"
    first = manager.get(here, headers=HTMX)
    tag = first.headers["ETag"]
    assert manager.get(here, headers={**HTMX, "If-None-Match": tag}).status_code == 304
    advance_runs(clock=timezone.now)
    assert manager.get(here, headers={**HTMX, "If-None-Match": tag}).status_code == 200


def test_a_run_of_another_integration_is_not_found(manager: Client, integration: Integration) -> None:
    other = begin_integration(
        slug="other",
        name="Other",
        environments=[
            EnvironmentSettings(
                "test", "aws.partner/o.org.test", "111111111111", ["eu-west-1"], receiver_accounts=["222222222222"]
            )
        ],
        actor=SYSTEM,
        now=timezone.now(),
    )
    run = start_run(
        integration=other,
        kind=ValidationRun.Kind.REHEARSAL,
        account="222222222222",
        region="eu-west-1",
        stepwise=False,
        actor=SYSTEM,
        now=timezone.now(),
    )
    assert manager.get(f"{BASE}/validation/runs/{run.public_id}").status_code == 404
    assert manager.post(f"{BASE}/validation/runs/{run.public_id}/do/stop", {"note": "x"}).status_code == 404
    with pytest.raises(Exception, match="still going on"):
        record_result(run=run, result="failed", note="", actor=SYSTEM, now=timezone.now())


def test_going_live_shows_what_did_not_pass_and_asks_for_a_reason(
    manager: Client, support: Client, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.aws.connections import forget_connections

    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    forget_connections()
    assert "Orders is not live" in text_of(support.get(f"{BASE}/go-live"))
    checked = text_of(manager.post(f"{BASE}/go-live/check"))
    assert "checks did not pass" in checked
    assert "AWS could not be reached" in checked
    refused = manager.post(f"{BASE}/go-live/on")
    assert refused.status_code == 409
    assert "Go live all the same" in refused.content.decode()
    manager.post(f"{BASE}/go-live/on", {"reason": "A test"})
    assert "Orders is live" in text_of(manager.get(f"{BASE}/go-live"))
    manager.post(f"{BASE}/go-live/off", {"reason": "Back"})
    assert Environment.objects.get(integration=integration, kind="production").enabled_at is None
    forget_connections()


def test_the_icon_and_its_page_are_written_down(manager: Client) -> None:
    there, entered = f"{BASE}/go-live/listing", {"icon_enabled_on": "2026-01-02"}
    entered["seen"] = seen_on(manager, f"{BASE}/go-live")
    refused = manager.post(there, entered | {"console_page": "javascript:x"})
    assert refused.status_code == 422
    page = "https://console.aws.amazon.com/events/home#/partners/example.org"
    manager.post(there, entered | {"console_page": page})
    assert page in text_of(manager.get(f"{BASE}/go-live"))
