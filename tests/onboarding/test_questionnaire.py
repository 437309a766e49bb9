"""Filling the questionnaire in: two people at once, another template, review, and the documents made of it."""

import copy
import io
import threading
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from django.db import connections

from integrations.onboarding.attachments import add_attachment
from integrations.onboarding.models import AnswerVersion, Profile, Questionnaire, TimelineEntry
from integrations.onboarding.questionnaire import PREFILLED, answer_question, begin_questionnaire, change_template
from integrations.onboarding.questionnaire_checks import fault_of
from integrations.onboarding.questionnaire_document import document_of, markdown_of, pdf_of
from integrations.onboarding.questionnaire_reading import earlier_answers, filled
from integrations.onboarding.questionnaire_review import approve_questionnaire, reopen_questionnaire
from integrations.onboarding.questionnaire_template import Question, example_document
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import AuditEntry
from tests.onboarding.conftest import NOW

ANNE, BERT = Actor.system("anne@example.com"), Actor.system("bert@example.com")
LATER = NOW + timedelta(minutes=5)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">'
    b'<rect width="90" height="30" fill="#2b4acb"/><text x="5" y="20" fill="#fff">Lanes</text></svg>'
)
HARD = '#eval("1") *b* $x$ <script> Grüße 你好 שלום مرحبا 👩‍👩‍👧 \u202egnp\u202c end'


@pytest.fixture
def questionnaire(integration: Integration) -> Questionnaire:
    Profile.objects.filter(integration=integration).update(company="Orders Ltd", domain="example.com")
    return begin_questionnaire(integration=integration, actor=ANNE, now=NOW)


def answer(questionnaire: Questionnaire, key: str, value: str | list[str], seen: int, actor: Actor = ANNE) -> int:
    stored = answer_question(
        questionnaire=questionnaire, key=key, value=value, seen_version=seen, actor=actor, now=LATER
    )
    return stored.version


def complete(questionnaire: Questionnaire) -> None:
    """Answer every required question as a person would."""
    whole = filled(questionnaire)
    for question in whole.template.questions():
        if question.required and question.key not in whole.values:
            answer(questionnaire, question.key, sample(questionnaire, question), 0)


def sample(questionnaire: Questionnaire, question: Question) -> str | list[str]:
    if question.kind == "file":
        file = add_attachment(
            integration=questionnaire.integration, name="architecture.svg", content=SVG, actor=ANNE, now=NOW
        )
        return [str(file.public_id)]
    if question.kind == "multi":
        return list(question.choices[:2])
    texts = {
        "choice": next(iter(question.choices), ""),
        "account": "111111111111",
        "email": "a@example.com",
        "url": "https://example.com/x",
        "number": "250000",
        "date": "2027-03-31",
    }
    return texts.get(question.kind, f"About {question.key}")


def fresh(questionnaire: Questionnaire) -> Questionnaire:
    return Questionnaire.objects.select_related("integration", "template").get(pk=questionnaire.pk)


def test_it_begins_with_what_the_integration_knows(questionnaire: Questionnaire) -> None:
    whole = filled(questionnaire)
    assert whole.values["company_name"] == "Orders Ltd"
    assert whole.values["sender_account"] == "111111111111"
    assert whole.values["receiver_account"] == "222222222222"
    assert whole.values["regions"] == "eu-west-1, us-east-1"
    assert whole.answers["company_name"].changed_by == PREFILLED
    assert "summary" not in whole.values
    assert not whole.is_complete


def test_beginning_it_twice_is_one_questionnaire(questionnaire: Questionnaire, integration: Integration) -> None:
    assert begin_questionnaire(integration=integration, actor=BERT, now=LATER) == questionnaire
    assert AuditEntry.objects.filter(action="questionnaire:begin").count() == 1


def test_an_answer_is_stored_with_who_and_when_and_the_same_again_changes_nothing(questionnaire: Questionnaire) -> None:
    assert answer(questionnaire, "summary", "Events for all", 0) == 1
    assert answer(questionnaire, "summary", "Events for all", 0, BERT) == 1
    stored = filled(questionnaire).answers["summary"]
    assert (stored.value, stored.changed_by, stored.changed_at) == ("Events for all", ANNE.label, LATER)


def test_of_two_who_edit_at_once_the_second_is_told_and_nothing_of_either_is_lost(questionnaire: Questionnaire) -> None:
    answer(questionnaire, "summary", "first", 0)
    answer(questionnaire, "summary", "Anne's", 1)
    with pytest.raises(Problem) as refused:
        answer(questionnaire, "summary", "Bert's", 1, BERT)
    assert (refused.value.status, refused.value.code) == (409, "answer_changed")
    assert refused.value.extra == {"theirs": "Anne's", "yours": "Bert's", "version": 2}
    assert "anne@example.com" in refused.value.detail

    assert filled(questionnaire).values["summary"] == "Anne's"
    kept = [(version.value, version.kept, version.by) for version in earlier_answers(questionnaire, "summary")]
    assert kept == [
        ("Bert's", False, BERT.label),
        ("Anne's", True, ANNE.label),
        ("first", True, ANNE.label),
    ]
    assert answer(questionnaire, "summary", "both", 2, BERT) == 3


@pytest.mark.django_db(transaction=True)
def test_two_first_answers_in_the_same_moment_make_one_answer_and_one_notice(integration: Integration) -> None:
    questionnaire = begin_questionnaire(integration=integration, actor=ANNE, now=NOW)
    outcomes: list[str] = []

    def write(text: str, actor: Actor) -> None:
        try:
            answer(questionnaire, "summary", text, 0, actor)
            outcomes.append("stored")
        except Problem as problem:
            outcomes.append(problem.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=pair) for pair in (("one", ANNE), ("two", BERT))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["answer_changed", "stored"]
    versions = AnswerVersion.objects.filter(answer__key="summary")
    assert {version.value for version in versions} == {"one", "two"}


def test_an_answer_too_long_is_refused_and_an_unknown_question_too(questionnaire: Questionnaire) -> None:
    with pytest.raises(Problem, match="at most 20,000"):
        answer(questionnaire, "summary", "x" * 20_001, 0)
    with pytest.raises(Problem, match="not asked any more"):
        answer(questionnaire, "nothing", "x", 0)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("account", "123456789012", "1234-5678-9012"),
        ("email", "a@example.com", "a@"),
        ("url", "https://example.com/a", "javascript:alert(1)"),
        ("number", "250,000", "many"),
        ("date", "2027-03-31", "31.3.2027"),
        ("choice", "Yes", "Perhaps"),
    ],
)
def test_each_kind_says_what_an_answer_lacks(kind: str, good: str, bad: str) -> None:
    question = Question("q", kind, "Q", True, choices=("Yes", "No"))
    assert fault_of(question, good) == ""
    assert fault_of(question, bad)
    assert fault_of(question, "") == "This needs an answer."


def test_answers_survive_another_template_by_their_key(questionnaire: Questionnaire) -> None:
    answer(questionnaire, "summary", "kept", 0)
    document: dict[str, Any] = copy.deepcopy(example_document())
    document["title"] = "AWS's own"
    document["sections"] = [
        {
            "key": "only",
            "title": "Only",
            "questions": [
                {"key": "summary", "kind": "long_text", "title": "In AWS's words", "required": True},
                {"key": "side", "kind": "text", "title": "Side", "required": False, "prefill": "test_namespace"},
            ],
        }
    ]
    changed = change_template(questionnaire=questionnaire, document=document, actor=BERT, now=LATER)
    whole = filled(fresh(changed))
    assert (changed.template.version, changed.template.is_example) == (2, False)
    assert whole.values["summary"] == "kept"
    assert whole.values["side"] == "aws.partner/example.com.test"
    assert "company_name" in {kept.key for kept in whole.unasked}

    back = change_template(questionnaire=changed, document=example_document(), actor=BERT, now=LATER)
    assert filled(fresh(back)).values["company_name"] == "Orders Ltd"
    assert back.template.is_example


def test_the_same_template_again_changes_nothing(questionnaire: Questionnaire) -> None:
    same = change_template(questionnaire=questionnaire, document=example_document(), actor=BERT, now=LATER)
    assert same.template.version == 1


def test_an_incomplete_questionnaire_is_not_approved_and_what_is_missing_is_named(questionnaire: Questionnaire) -> None:
    with pytest.raises(Problem) as refused:
        approve_questionnaire(questionnaire=questionnaire, seen_revision=1, actor=ANNE, now=LATER)
    assert refused.value.code == "questionnaire_incomplete"
    assert "“Architecture diagram”: This needs an answer." in refused.value.extra["missing"]


def test_approval_is_of_what_was_read_and_an_edit_opens_it_again(questionnaire: Questionnaire) -> None:
    complete(questionnaire)
    read = fresh(questionnaire)
    answer(questionnaire, "first_customers", "Alder", 0, BERT)
    with pytest.raises(Problem, match="Read it again"):
        approve_questionnaire(questionnaire=read, seen_revision=read.revision, actor=ANNE, now=LATER)

    revision = fresh(questionnaire).revision
    approved = approve_questionnaire(questionnaire=questionnaire, seen_revision=revision, actor=ANNE, now=LATER)
    assert (approved.approved_by, approved.approved_at) == (ANNE.label, LATER)
    again = approve_questionnaire(questionnaire=questionnaire, seen_revision=revision, actor=BERT, now=LATER)
    assert again.approved_by == ANNE.label

    answer(questionnaire, "first_customers", "Alder and Birch", 1, BERT)
    assert fresh(questionnaire).approved_at is None
    titles = list(TimelineEntry.objects.order_by("pk").values_list("title", flat=True))
    assert titles[-2:] == ["The questionnaire is approved", "The questionnaire is open again"]


def test_an_approval_can_be_taken_back(questionnaire: Questionnaire) -> None:
    complete(questionnaire)
    revision = fresh(questionnaire).revision
    approve_questionnaire(questionnaire=questionnaire, seen_revision=revision, actor=ANNE, now=LATER)
    assert reopen_questionnaire(questionnaire=questionnaire, actor=BERT, now=LATER).approved_at is None
    reopen_questionnaire(questionnaire=questionnaire, actor=BERT, now=LATER)
    assert AuditEntry.objects.filter(action="questionnaire:reopen").count() == 1


def test_the_pdf_holds_every_question_and_answer_and_the_diagram(questionnaire: Questionnaire) -> None:
    complete(questionnaire)
    whole = filled(fresh(questionnaire))
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(whole)))
    text = squeezed(" ".join(page.extract_text() for page in reader.pages))
    for section in document_of(whole)["sections"]:
        for question in section["questions"]:
            assert squeezed(question["title"]) in text
            assert squeezed(question["answer"].replace("•", " ")) in text.replace("•", "")
    assert "architecture.svg" in text
    assert "Lanes" in text  # the words of the diagram, which is a drawing and not a picture of one


def test_what_people_write_is_text_in_every_document_whatever_it_is(questionnaire: Questionnaire) -> None:
    answer(questionnaire, "summary", HARD, 0)
    whole = filled(fresh(questionnaire))
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(whole)))
    text = squeezed(" ".join(page.extract_text() for page in reader.pages))
    assert squeezed('#eval("1") *b* $x$ <script> Grüße') in text
    attached = reader.attachments["questionnaire.json"][0].decode()
    assert "你好 שלום مرحبا" in attached.encode().decode("unicode_escape") or "\\u4f60" in attached
    markdown = markdown_of(document_of(whole))
    assert r"\#eval\(" in markdown
    assert "<script>" not in markdown


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_picture_that_cannot_be_set_does_not_keep_the_pdf_from_being_made(questionnaire: Questionnaire) -> None:
    broken = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (10).to_bytes(4) + (10).to_bytes(4) + bytes(20)
    file = add_attachment(integration=questionnaire.integration, name="d.png", content=broken, actor=ANNE, now=NOW)
    answer(questionnaire, "diagram", [str(file.public_id)], 0)
    text = pypdf.PdfReader(io.BytesIO(pdf_of(filled(fresh(questionnaire))))).pages[0].extract_text()
    assert "A picture could not be set" in text
