"""The questionnaire as a document: the one content of which the PDF and the Markdown text are made."""

import re
from typing import Any

from integrations.onboarding.models import Attachment
from integrations.onboarding.pictures import embeddable
from integrations.onboarding.questionnaire_checks import Value, is_empty
from integrations.onboarding.questionnaire_reading import Filled
from integrations.onboarding.questionnaire_template import Question
from integrations.onboarding.typesetting import typeset

NO_ANSWER = "No answer yet"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~])")


def document_of(whole: Filled) -> dict[str, Any]:
    """Return what stands in the questionnaire, JSON-ready."""
    questionnaire = whole.questionnaire
    return {
        "title": whole.template.title,
        "product": questionnaire.integration.name,
        "note": whole.template.note if questionnaire.template.is_example else "",
        "standing": _standing(whole),
        "sections": [
            {
                "title": section.section.title,
                "questions": [_question(question, whole) for question in section.section.questions],
            }
            for section in whole.sections
        ],
    }


def markdown_of(document: dict[str, Any]) -> str:
    """Return the document as Markdown; whatever people wrote stays text."""
    lines = [f"# {_inert(document['title'])}", "", _inert(f"{document['product']}. {document['standing']}"), ""]
    if document["note"]:
        lines += [f"*{_inert(document['note'])}*", ""]
    for section in document["sections"]:
        lines += [f"## {_inert(section['title'])}", ""]
        for question in section["questions"]:
            lines += [f"**{_inert(question['title'])}**", "", *_quoted(question), ""]
    return "\n".join(lines).rstrip() + "\n"


def pdf_of(whole: Filled) -> bytes:
    """Return the questionnaire as a PDF with the diagrams that can be embedded safely. Raises TypesettingFailed."""
    document = document_of(whole)
    pictures = _pictures(whole)
    for section in document["sections"]:
        for question in section["questions"]:
            for file in question["files"]:
                file["picture"] = file["id"] if file["id"] in pictures else None
    return typeset("questionnaire", document, pictures)


def _standing(whole: Filled) -> str:
    questionnaire = whole.questionnaire
    if questionnaire.approved_at is not None:
        approved = f"{questionnaire.approved_at:%Y-%m-%d %H:%M} UTC by {questionnaire.approved_by}"
        return f"Revision {questionnaire.revision}, approved on {approved}."
    return f"Revision {questionnaire.revision}, not approved."


def _question(question: Question, whole: Filled) -> dict[str, Any]:
    value = whole.values.get(question.key)
    files = (
        [whole.files[key] for key in value if key in whole.files]
        if question.kind == "file" and isinstance(value, list)
        else []
    )
    return {
        "key": question.key,
        "title": question.title,
        "answer": "" if files or is_empty(value) else _text(value),
        "answered": not is_empty(value),
        "files": [_file(attachment) for attachment in files],
    }


def _text(value: Value | None) -> str:
    return "\n".join(f"• {item}" for item in value) if isinstance(value, list) else (value or "")


def _file(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": str(attachment.public_id),
        "name": attachment.name,
        "size": attachment.size,
        "sha256": attachment.sha256,
    }


def _pictures(whole: Filled) -> dict[str, bytes]:
    files = Attachment.objects.filter(pk__in=[file.pk for file in whole.files.values()]).defer(None)
    contents = {str(file.public_id): (file.content_type, bytes(file.content)) for file in files}
    return {key: content for key, (kind, content) in contents.items() if embeddable(kind, content)}


def _inert(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _quoted(question: dict[str, Any]) -> list[str]:
    if not question["answered"]:
        return [f"*{NO_ANSWER}*"]
    if question["files"]:
        return [_named(file) for file in question["files"]]
    escaped = [_MARKDOWN.sub(r"\\\1", line) for line in question["answer"].split("\n")]
    return [f"> {line}".rstrip() + "  " for line in escaped]


def _named(file: dict[str, Any]) -> str:
    return f"- {_inert(file['name'])} ({file['size']} bytes, SHA-256 {file['sha256']})"
