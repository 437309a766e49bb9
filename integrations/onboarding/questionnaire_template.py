"""The questions of a questionnaire: the form in which they are written, and our example of them.

AWS's own questionnaire is not public. So the questions are data, which a provider replaces by what AWS has sent.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integrations.problems import Problem
from integrations.storable import is_storable

EXAMPLE = Path(__file__).parent / "documents/example_questionnaire.json"
KINDS = ("text", "long_text", "choice", "multi", "account", "email", "url", "file", "number", "date")
WITH_CHOICES = ("choice", "multi")
MAX_DOCUMENT_CHARACTERS = 200_000
MAX_QUESTIONS = 300
MAX_TITLE_CHARACTERS = 500
MAX_FAULTS = 20
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_OF_QUESTION = {"key", "kind", "title", "required", "help", "choices", "prefill"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `prefill` names a fact of the integration that answers it before anybody does."""

    key: str
    kind: str
    title: str
    required: bool
    help: str = ""
    choices: tuple[str, ...] = ()
    prefill: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Questions under one heading."""

    key: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A whole questionnaire."""

    title: str
    note: str
    sections: tuple[Section, ...]

    def questions(self) -> Iterator[Question]:
        """Yield every question in the order of the questionnaire."""
        for section in self.sections:
            yield from section.questions

    def question(self, key: str) -> Question | None:
        """Return the question with this key, if it is asked."""
        return next((question for question in self.questions() if question.key == key), None)


def example_document() -> dict[str, Any]:
    """Return our own example as a document."""
    document: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return document


def read_template(text: str) -> dict[str, Any]:
    """Return the document in a pasted text. Raises Problem `template_invalid` with every fault in words."""
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise _invalid([f"The text has {len(text):,} characters; at most {MAX_DOCUMENT_CHARACTERS:,} are read."])
    try:
        document = json.loads(text, parse_constant=_no_constant)
        if not is_storable(document):
            raise _invalid(["A text holds a NUL or half a character (\\u0000, \\ud800): take it out."])
    except (ValueError, RecursionError) as error:
        where = f" in line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _invalid([f"This is not JSON{where}. Compare it with the file that can be downloaded here."]) from None
    template_of(document)
    return dict(document)


def template_of(document: object) -> Template:
    """Return the template that a document describes. Raises Problem `template_invalid` with every fault in words."""
    faults: list[str] = []
    top = _mapping(document, "The questionnaire", faults)
    title = _words(top, "title", "The questionnaire", faults)
    sections = tuple(
        _section(section, number, faults)
        for number, section in enumerate(_list(top, "sections", "The questionnaire", faults), 1)
    )
    template = Template(title, str(top.get("note") or ""), sections)
    faults += _faults_of_whole(template)
    if faults:
        raise _invalid(faults)
    return template


def _section(value: object, number: int, faults: list[str]) -> Section:
    place = f"Section {number}"
    section = _mapping(value, place, faults)
    key = _key(section, place, faults)
    title = _words(section, "title", place, faults)
    questions = tuple(
        _question(question, f"{place}, question {count}", faults)
        for count, question in enumerate(_list(section, "questions", place, faults), 1)
    )
    return Section(key, title, questions)


def _question(value: object, place: str, faults: list[str]) -> Question:
    question = _mapping(value, place, faults)
    for name in sorted(question.keys() - _OF_QUESTION):
        faults.append(f"{place}: {name!r} is not known. A question has {', '.join(sorted(_OF_QUESTION))}.")
    kind = question.get("kind")
    if kind not in KINDS:
        faults.append(f"{place}: the kind {kind!r} is not known. Use one of {', '.join(KINDS)}.")
    required = question.get("required", False)
    if not isinstance(required, bool):
        faults.append(f"{place}: `required` is true or false.")
    return Question(
        key=_key(question, place, faults),
        kind=str(kind),
        title=_words(question, "title", place, faults),
        required=bool(required),
        help=str(question.get("help") or ""),
        choices=_choices(question, str(kind), place, faults),
        prefill=str(question.get("prefill") or ""),
    )


def _choices(question: Mapping[str, Any], kind: str, place: str, faults: list[str]) -> tuple[str, ...]:
    choices = question.get("choices", [])
    if kind not in WITH_CHOICES:
        if choices:
            faults.append(f"{place}: only a choice or multi has `choices`.")
        return ()
    fits = isinstance(choices, list) and len(choices) > 1 and all(isinstance(c, str) and c.strip() for c in choices)
    if not fits or len(set(choices)) < len(choices):
        faults.append(f"{place}: give `choices` as a list of at least two different texts.")
        return ()
    return tuple(choices)


def _faults_of_whole(template: Template) -> Iterator[str]:
    questions = list(template.questions())
    if len(questions) > MAX_QUESTIONS:
        yield f"There are {len(questions)} questions; at most {MAX_QUESTIONS} can be asked."
    for what, keys in (("section", [s.key for s in template.sections]), ("question", [q.key for q in questions])):
        for key in sorted({key for key in keys if key and keys.count(key) > 1}):
            yield f"Two {what}s have the key {key!r}; answers are found by it, so each needs its own."


def _mapping(value: object, place: str, faults: list[str]) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    faults.append(f"{place} is not an object in braces.")
    return {}


def _list(values: Mapping[str, Any], name: str, place: str, faults: list[str]) -> list[object]:
    found = values.get(name)
    if isinstance(found, list) and found:
        return found
    faults.append(f"{place} has no `{name}`: give a list with at least one.")
    return []


def _words(values: Mapping[str, Any], name: str, place: str, faults: list[str]) -> str:
    text = values.get(name)
    if isinstance(text, str) and text.strip() and len(text) <= MAX_TITLE_CHARACTERS:
        return text.strip()
    faults.append(f"{place} has no `{name}` of 1 to {MAX_TITLE_CHARACTERS} characters.")
    return ""


def _key(values: Mapping[str, Any], place: str, faults: list[str]) -> str:
    key = values.get("key")
    if isinstance(key, str) and _KEY.fullmatch(key):
        return key
    faults.append(f"{place} has no `key` of small letters, digits and underscores, beginning with a letter.")
    return ""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _invalid(faults: list[str]) -> Problem:
    shown = faults[:MAX_FAULTS]
    more = f" And {len(faults) - len(shown)} more." if len(faults) > len(shown) else ""
    return Problem(422, "template_invalid", " ".join(shown) + more, faults=shown)
