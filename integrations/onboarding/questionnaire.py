"""Filling in the questionnaire: beginning it, answering, another template.

Two people may answer at once: an answer names the version it was made from, and the one who comes second is told and
sees both. What he wrote is kept as a version of its own, so nothing is lost.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.models import AnswerVersion, Questionnaire, QuestionnaireAnswer, QuestionnaireTemplate
from integrations.onboarding.questionnaire_changes import locked_questionnaire, open_again, tell_change
from integrations.onboarding.questionnaire_checks import MAX_ANSWER_CHARACTERS, Value
from integrations.onboarding.questionnaire_facts import facts_of
from integrations.onboarding.questionnaire_template import Question, example_document, template_of
from integrations.problems import Problem
from integrations.registration.models import Integration
from integrations.storable import is_storable
from tenants.audit import Actor

PREFILLED = "filled in from the integration"


def begin_questionnaire(*, integration: Integration, actor: Actor, now: datetime) -> Questionnaire:
    """Return the integration's questionnaire, made from our example and its own facts if there is none yet."""
    known = Questionnaire.objects.filter(integration=integration).first()
    if known is not None:
        return known
    with transaction.atomic():
        _lock_integration(integration)
        known = Questionnaire.objects.filter(integration=integration).first()
        if known is not None:  # somebody else began it between our two looks
            return known
        template = _add_template(integration, example_document(), actor, now, is_example=True)
        questionnaire = Questionnaire.objects.create(integration=integration, template=template, created_at=now)
        _prefill(questionnaire, now)
        record_of(questionnaire.integration, "questionnaire:begin", actor, now, after={"template": template.version})
    return questionnaire


def answer_question(
    *, questionnaire: Questionnaire, key: str, value: Value, seen_version: int, actor: Actor, now: datetime
) -> QuestionnaireAnswer:
    """Store an answer made from version `seen_version` (0: from none); the same again changes nothing.

    An approved questionnaire is open again afterwards. Raises Problem 404 `question_unknown`, 422 `answer_too_long`,
    and 409 `answer_changed` with `theirs`, `yours` and the `version` that stands, when somebody else was faster.
    """
    with transaction.atomic():
        current = locked_questionnaire(questionnaire)
        question = template_of(current.template.document).question(key)
        if question is None:
            raise Problem(404, "question_unknown", "This question is not asked any more. Load the page again.")
        value = _fitting(question, value)
        answer = current.answers.filter(key=key).first()
        if answer is not None and answer.value == value:
            return answer
        if answer is None or answer.version == seen_version:
            return _accept(current, question, answer, value, actor, now)
        AnswerVersion.objects.create(
            answer=answer, version=seen_version, value=value, kept=False, at=now, by=actor.label[:200]
        )
    raise Problem(
        409,
        "answer_changed",
        f"{answer.changed_by} changed this answer while you wrote. Yours was not stored over it, and it is kept among "
        "the earlier answers. Compare both and save the one that is right.",
        theirs=answer.value,
        yours=value,
        version=answer.version,
    )


def change_template(
    *, questionnaire: Questionnaire, document: dict[str, Any], actor: Actor, now: datetime
) -> Questionnaire:
    """Ask other questions from now on. Answers stay where the key stays; the others are kept and not asked for.

    The same questions again change nothing. Raises Problem `template_invalid`.
    """
    template_of(document)
    with transaction.atomic():
        current = locked_questionnaire(questionnaire)
        if current.template.document == document:
            return current
        before = current.template.version
        current.template = _add_template(
            current.integration, document, actor, now, is_example=document == example_document()
        )
        open_again(current)
        current.save()
        _prefill(current, now)
        after = {"template": current.template.version}
        record_of(
            current.integration, "questionnaire:change_template", actor, now, before={"template": before}, after=after
        )
        tell_change(
            current, "The questionnaire has other questions", f"Version {current.template.version}.", actor, now
        )
    return current


def _accept(
    questionnaire: Questionnaire,
    question: Question,
    answer: QuestionnaireAnswer | None,
    value: Value,
    actor: Actor,
    now: datetime,
) -> QuestionnaireAnswer:
    label = actor.label[:200]
    if answer is None:
        answer = QuestionnaireAnswer(questionnaire=questionnaire, key=question.key, version=0)
    before = answer.value if answer.version else None
    answer.value, answer.changed_at, answer.changed_by = value, now, label
    answer.version += 1
    answer.save()
    AnswerVersion.objects.create(answer=answer, version=answer.version, value=value, kept=True, at=now, by=label)
    was_approved = questionnaire.approved_at is not None
    questionnaire.revision += 1
    open_again(questionnaire)
    questionnaire.save()
    if was_approved:
        tell_change(questionnaire, "The questionnaire is open again", f"“{question.title}” was changed.", actor, now)
    record_of(
        questionnaire.integration,
        "questionnaire:answer",
        actor,
        now,
        before={"key": question.key, "value": before},
        after={"key": question.key, "value": value, "version": answer.version},
    )
    return answer


def _fitting(question: Question, value: Value) -> Value:
    text = "\n".join(value) if isinstance(value, list) else value
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise Problem(
            422,
            "answer_too_long",
            f"The answer has {len(text):,} characters; at most {MAX_ANSWER_CHARACTERS:,} are stored. Shorten it, or "
            "add it as a file.",
        )
    if not is_storable(value):
        raise Problem(422, "answer_unstorable", "The answer holds a NUL, which cannot be stored. Take it out.")
    return value if isinstance(value, list) else value.replace("\r\n", "\n")


def _prefill(questionnaire: Questionnaire, now: datetime) -> None:
    facts = facts_of(questionnaire.integration)
    known = set(questionnaire.answers.values_list("key", flat=True))
    for question in template_of(questionnaire.template.document).questions():
        if question.key not in known and question.prefill in facts:
            value = facts[question.prefill]
            answer = QuestionnaireAnswer.objects.create(
                questionnaire=questionnaire,
                key=question.key,
                value=value,
                version=1,
                changed_at=now,
                changed_by=PREFILLED,
            )
            AnswerVersion.objects.create(answer=answer, version=1, value=value, kept=True, at=now, by=PREFILLED)


def _add_template(
    integration: Integration, document: dict[str, Any], actor: Actor, now: datetime, *, is_example: bool
) -> QuestionnaireTemplate:
    latest = QuestionnaireTemplate.objects.filter(integration=integration).order_by("-version").first()
    return QuestionnaireTemplate.objects.create(
        integration=integration,
        version=latest.version + 1 if latest else 1,
        document=document,
        is_example=is_example,
        created_at=now,
        created_by=actor.label[:200],
    )


def _lock_integration(integration: Integration) -> None:
    Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
