"""A questionnaire as its page, its documents and its review read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.onboarding.models import AnswerVersion, Attachment, Questionnaire, QuestionnaireAnswer
from integrations.onboarding.questionnaire_checks import Completeness, Value
from integrations.onboarding.questionnaire_template import Template, template_of

MAX_EARLIER = 100


@dataclass(frozen=True, slots=True)
class Filled:
    """A questionnaire with everything that its page shows."""

    questionnaire: Questionnaire
    template: Template
    answers: dict[str, QuestionnaireAnswer]
    files: dict[str, Attachment]
    sections: list[Completeness]

    @property
    def values(self) -> dict[str, Value]:
        return {key: answer.value for key, answer in self.answers.items()}

    @property
    def is_complete(self) -> bool:
        return all(section.is_complete for section in self.sections)

    @property
    def unasked(self) -> list[QuestionnaireAnswer]:
        """Answers to questions of an earlier template."""
        asked = {question.key for question in self.template.questions()}
        return [answer for key, answer in self.answers.items() if key not in asked and answer.value]


def filled(questionnaire: Questionnaire) -> Filled:
    """Return the questionnaire with its questions, answers and how complete each section is."""
    template = template_of(questionnaire.template.document)
    answers = {answer.key: answer for answer in questionnaire.answers.order_by("pk")}
    files = _files_of(questionnaire, template, answers)
    values = {key: answer.value for key, answer in answers.items()}
    sections = [Completeness(section, values, list(files)) for section in template.sections]
    return Filled(questionnaire, template, answers, files, sections)


def earlier_answers(questionnaire: Questionnaire, key: str) -> Sequence[AnswerVersion]:
    """Return every answer ever given to a question, newest first; the one that stands is among them."""
    return list(AnswerVersion.objects.filter(answer__questionnaire=questionnaire, answer__key=key)[:MAX_EARLIER])


def _files_of(
    questionnaire: Questionnaire, template: Template, answers: dict[str, QuestionnaireAnswer]
) -> dict[str, Attachment]:
    wanted = {
        identifier
        for question in template.questions()
        if question.kind == "file" and question.key in answers and isinstance(answers[question.key].value, list)
        for identifier in answers[question.key].value
    }
    if not wanted:
        return {}
    files = Attachment.objects.filter(integration_id=questionnaire.integration_id, public_id__in=wanted)
    return {str(attachment.public_id): attachment for attachment in files}
