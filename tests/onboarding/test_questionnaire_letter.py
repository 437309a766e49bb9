"""The questionnaire's letter, read from a real mail server."""

import io
from datetime import timedelta

import pypdf
import pytest
from django.utils import timezone

from integrations.onboarding.letters import queue_letter, record_answer
from integrations.onboarding.models import Letter, Profile, Questionnaire
from integrations.onboarding.questionnaire import begin_questionnaire
from integrations.onboarding.questionnaire_letter import draft_questionnaire_letter
from integrations.onboarding.questionnaire_reading import filled
from integrations.onboarding.questionnaire_review import approve_questionnaire
from integrations.onboarding.sending import send_due_letters
from integrations.problems import Problem
from integrations.registration.models import Integration
from tests.onboarding.conftest import NOW
from tests.onboarding.mail_server import MailServer
from tests.onboarding.test_questionnaire import ANNE, complete, fresh, squeezed

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(integration: Integration) -> Questionnaire:
    Profile.objects.filter(integration=integration).update(company="Örders 你好", partner_emails=["apn@example.com"])
    questionnaire = begin_questionnaire(integration=integration, actor=ANNE, now=NOW)
    complete(questionnaire)
    revision = fresh(questionnaire).revision
    return approve_questionnaire(questionnaire=questionnaire, seen_revision=revision, actor=ANNE, now=NOW)


def test_it_arrives_with_the_pdf_and_the_diagram(approved: Questionnaire, mail_server: MailServer) -> None:
    letter = draft_questionnaire_letter(whole=filled(fresh(approved)), actor=ANNE, now=NOW)
    queue_letter(letter=letter, version=letter.version, actor=ANNE, now=timezone.now())
    assert send_due_letters(clock=timezone.now) == 1

    (message,) = mail_server.messages
    assert message["To"] == "eventbridge-partners@amazon.com"
    assert message["Subject"].strip() == "EventBridge partner questionnaire: Örders 你好"
    names = [part.get_filename() for part in message.iter_attachments()]
    assert names == [f"questionnaire-orders-revision-{approved.revision}.pdf", "architecture.svg"]
    pdf = next(iter(message.iter_attachments())).get_content()
    text = squeezed(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))
    assert squeezed("About summary") in text
    assert squeezed(f"approved on {NOW:%Y-%m-%d %H:%M} UTC by {ANNE.label}") in text
    assert "111111111111 and 222222222222" in message.get_body().get_content()


def test_the_answer_of_aws_stands_beside_it(approved: Questionnaire, mail_server: MailServer) -> None:
    letter = draft_questionnaire_letter(whole=filled(fresh(approved)), actor=ANNE, now=NOW)
    queue_letter(letter=letter, version=letter.version, actor=ANNE, now=timezone.now())
    send_due_letters(clock=timezone.now)
    record_answer(
        letter=letter,
        received_at=timezone.now() - timedelta(hours=1),
        sender="eventbridge-partners@amazon.com",
        text="We propose 5 May, 9:00 PST.",
        actor=ANNE,
        now=timezone.now(),
    )
    assert Letter.objects.get(kind="questionnaire").answers.get().text == "We propose 5 May, 9:00 PST."


def test_only_what_is_approved_goes_to_aws(integration: Integration) -> None:
    questionnaire = begin_questionnaire(integration=integration, actor=ANNE, now=NOW)
    with pytest.raises(Problem, match="Approve the questionnaire first"):
        draft_questionnaire_letter(whole=filled(fresh(questionnaire)), actor=ANNE, now=NOW)
    assert not Letter.objects.exists()
