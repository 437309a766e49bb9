"""A question of the questionnaire as its page shows it: control, answer, what it lacks, and what two people wrote."""

from dataclasses import dataclass, field

from django.http import QueryDict

from integrations.onboarding.models import Attachment
from integrations.onboarding.questionnaire_checks import Value
from integrations.onboarding.questionnaire_reading import Filled
from integrations.onboarding.questionnaire_template import Question

INPUT_TYPES = {"email": "email", "url": "url", "date": "date"}
MODES = {"account": "numeric", "number": "decimal"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what is needed to draw it. `theirs` is set while two answers stand against each other."""

    question: Question
    value: Value
    version: int
    fault: str
    said_by: str
    files: list[Attachment] = field(default_factory=list)
    theirs: Value | None = None
    note: str = ""
    refusal: str = ""

    @property
    def input_type(self) -> str:
        return INPUT_TYPES.get(self.question.kind, "text")

    @property
    def mode(self) -> str:
        return MODES.get(self.question.kind, "")

    @property
    def text(self) -> str:
        return "\n".join(self.value) if isinstance(self.value, list) else self.value

    @property
    def chosen(self) -> list[str]:
        return self.value if isinstance(self.value, list) else [self.value]

    @property
    def their_text(self) -> str:
        return "\n".join(self.theirs) if isinstance(self.theirs, list) else self.theirs or "(nothing)"

    @property
    def shown_fault(self) -> str:
        """What is wrong with an answer; that one is missing is said by the section."""
        return self.refusal or (self.fault if self.text.strip() else "")


def asked_of(whole: Filled, question: Question, faults: dict[str, str]) -> Asked:
    """Return a question as it stands."""
    answer = whole.answers.get(question.key)
    value: Value = answer.value if answer else ([] if question.kind in ("multi", "file") else "")
    files = [whole.files[key] for key in value if key in whole.files] if isinstance(value, list) else []
    return Asked(
        question=question,
        value=value,
        version=answer.version if answer else 0,
        fault=faults.get(question.key, ""),
        said_by=answer.changed_by if answer else "",
        files=files,
    )


def posted_value(question: Question, posted: QueryDict) -> Value:
    """Return what a form says as the answer."""
    if question.kind in ("multi", "file"):
        return [value for value in posted.getlist("value") if value]
    return posted.get("value", "")


def seen_version(posted: QueryDict) -> int:
    """Return the version that a form was made from; what is no number was made from nothing."""
    version = posted.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
