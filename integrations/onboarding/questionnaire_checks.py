"""What makes an answer complete, by the kind of its question. An answer that is not is kept all the same."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.onboarding.questionnaire_template import Question, Section

MAX_ANSWER_CHARACTERS = 20_000
Value = str | list[str]


def fault_of(question: Question, value: Value | None, files: Sequence[str] = ()) -> str:
    """Return a sentence that says what an answer lacks, or nothing; `files` are the ids of files that exist."""
    if is_empty(value):
        return "This needs an answer." if question.required else ""
    if isinstance(value, list):
        return _fault_of_list(question, value, files)
    return _fault_of_text(question, value or "")


def is_empty(value: Value | None) -> bool:
    """Return whether nothing was answered."""
    return not value if isinstance(value, list) else not (value or "").strip()


def _fault_of_list(question: Question, value: list[str], files: Sequence[str]) -> str:
    if question.kind == "multi":
        strange = [choice for choice in value if choice not in question.choices]
        return f"{strange[0]!r} is not among the choices any more." if strange else ""
    if question.kind == "file":
        return "A file was removed; add it again." if set(value) - set(files) else ""
    return "This question takes one answer."


def _fault_of_text(question: Question, text: str) -> str:
    match question.kind:
        case "choice" if text not in question.choices:
            return f"{text!r} is not among the choices any more."
        case "multi" | "file":
            return "Choose again: this question was asked in another way before."
        case "account" if not re.fullmatch(r"[0-9]{12}", text.strip(), re.ASCII):
            return "An AWS account id has 12 digits and no dashes."
        case "email" if not _is_email(text.strip()):
            return "Write an e-mail address like partners@example.com."
        case "url" if not _is_url(text.strip()):
            return "Write an address that begins with https:// or http://."
        case "number" if not _is_number(text):
            return "Write a number, for example 250000."
        case "date" if not _is_date(text.strip()):
            return "Write a date like 2027-03-31."
    return ""


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip().replace(",", "")).is_finite()
    except InvalidOperation:
        return False


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2027-03-31")


class Completeness:
    """How far a section is: required questions with a complete answer, and what is at fault in words."""

    def __init__(self, section: Section, values: Mapping[str, Value], files: Sequence[str]) -> None:
        self.section = section
        self.faults = {
            question.key: fault
            for question in section.questions
            if (fault := fault_of(question, values.get(question.key), files))
        }
        self.asked = len(section.questions)
        self.answered = sum(
            not is_empty(values.get(question.key)) and question.key not in self.faults for question in section.questions
        )
        self.required = sum(question.required for question in section.questions)
        self.required_done = sum(
            question.required and question.key not in self.faults for question in section.questions
        )

    @property
    def is_complete(self) -> bool:
        return not self.faults
