"""The questions: our example, and what people paste in."""

import copy
import json
from typing import Any

import pytest

from integrations.onboarding.questionnaire_template import KINDS, example_document, read_template, template_of
from integrations.problems import Problem


def faults_of(change: dict[str, Any] | str) -> list[str]:
    with pytest.raises(Problem) as refused:
        read_template(change if isinstance(change, str) else json.dumps(change))
    assert (refused.value.status, refused.value.code) == (422, "template_invalid")
    faults: list[str] = refused.value.extra["faults"]
    return faults


def broken(change: Any) -> dict[str, Any]:
    document = copy.deepcopy(example_document())
    change(document)
    return document


def test_our_example_asks_in_every_kind_and_says_that_it_is_one() -> None:
    template = template_of(example_document())
    assert {question.kind for question in template.questions()} == set(KINDS)
    assert "example" in template.note


def test_what_is_downloaded_can_be_pasted_back() -> None:
    assert read_template(json.dumps(example_document(), ensure_ascii=False)) == example_document()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["sections"][0]["questions"][0].update(kind="essay"), "'essay' is not known"),
        (lambda d: d["sections"][0]["questions"][0].update(key="No Key"), "small letters"),
        (lambda d: d["sections"][0]["questions"][0].update(title=" "), "no `title`"),
        (lambda d: d["sections"][0]["questions"][0].update(required="yes"), "true or false"),
        (lambda d: d["sections"][0]["questions"][0].update(colour="red"), "'colour' is not known"),
        (lambda d: d["sections"][0]["questions"][0].update(choices=["a", "b"]), "only a choice or multi"),
        (lambda d: d["sections"][2]["questions"][1].update(choices=["one"]), "at least two"),
        (lambda d: d["sections"][1].update(key="company"), "Two sections have the key 'company'"),
        (lambda d: d["sections"][1]["questions"][0].update(key="company_name"), "Two questions have the key"),
        (lambda d: d["sections"][0].update(questions=[]), "no `questions`"),
        (lambda d: d.update(sections="many"), "no `sections`"),
        (lambda d: d["sections"].append("text"), "not an object"),
    ],
)
def test_a_fault_is_named_in_words_with_its_place(change: Any, words: str) -> None:
    assert any(words in fault for fault in faults_of(broken(change)))


def test_all_faults_are_named_at_once() -> None:
    def change(document: dict[str, Any]) -> None:
        document["sections"][0]["questions"][0]["kind"] = "essay"
        document["sections"][1]["questions"][0]["key"] = ""

    faults = faults_of(broken(change))
    assert [fault.split(":")[0].split(" has")[0] for fault in faults] == [
        "Section 1, question 1",
        "Section 2, question 1",
    ]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_a_character_that_cannot_be_stored_is_refused_wherever_it_stands(text: str) -> None:
    for change in (
        lambda d: d.update(note=text),
        lambda d: d.update({text: 1}),
        lambda d: d["sections"].append([text]),
    ):
        assert "holds a NUL or half a character" in faults_of(json.dumps(broken(change)))[0]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"title": NaN}', "[" * 5_000, '"' + "x" * 200_001])
def test_what_is_not_a_questionnaire_is_refused_in_words(text: str) -> None:
    assert faults_of(text)
