"""Adoption from a file on pages: looked at first, applied, watched and cancelled."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.operators import adoption_form
from dashboard.operators.adoption_progress import progress_of
from integrations.reconciliation.models import Adoption, AdoptionLine
from integrations.registration.models import Environment
from tests.dashboard.pages import HTMX, ClientOf, title_of

PATH = "/operators/adoption"
NAME = "aws.partner/shop.example.com.test/old"


@pytest.fixture
def operations(client_of: ClientOf) -> Client:
    return client_of("operations")


def make_adoption(environment: Environment, state: str, *findings: str) -> Adoption:
    adoption = Adoption.objects.create(
        environment=environment, state=state, actor_label="o", total=len(findings), created_at=timezone.now()
    )
    for number, finding in enumerate(findings, 2):
        AdoptionLine.objects.create(
            adoption=adoption,
            number=number,
            name=f"{NAME}/{number}",
            tenant="alder",
            account="222222222222",
            region="eu-west-1",
            finding=finding,
            message=f"Why line {number}.",
        )
    return adoption


def csv(text: str, encoding: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile("sources.csv", text.encode(encoding), "text/csv")


def test_a_file_or_pasted_lines_are_looked_at_and_nothing_is_adopted(
    operations: Client, environment: Environment
) -> None:
    text = f"name,tenant,region\n{NAME}/a,alder,eu-west-1\nelsewhere,alder,eu-west-1\n"
    for given in ({"file": csv("\ufeff" + text)}, {"text": text}):
        answer = operations.post(f"{PATH}/new", {"environment": str(environment.public_id)} | given)
        begun = Adoption.objects.latest("pk")
        assert answer.headers["Location"] == f"{PATH}/{begun.public_id}"
        assert (begun.state, begun.actor_label) == ("checking", "operations@example.com")
        assert list(begun.lines.values_list("finding", flat=True)) == ["", "invalid"]
    assert title_of(operations.get(f"{PATH}/{begun.public_id}").content.decode()) == "AWS is asked about 2 sources"


def test_the_rate_and_the_time_left_count_what_aws_was_asked_about(environment: Environment) -> None:
    now = timezone.now()
    looked_at = make_adoption(environment, "checking", *["adoptable"] * 20, "invalid", "twice", *[""] * 30)
    looked_at.created_at = now - timedelta(seconds=10)
    assert (progress_of(looked_at, now).rate, progress_of(looked_at, now).left) == (2, "15 s")
    applied = make_adoption(environment, "applying", *["adopted"] * 8, *["adoptable"] * 12, "known")
    applied.created_at, applied.applied_at = now - timedelta(hours=1), now - timedelta(seconds=4)
    assert (progress_of(applied, now).rate, progress_of(applied, now).left) == (2, "6 s")
    assert progress_of(make_adoption(environment, "done", "adopted"), now).rate == 0


def test_the_page_of_a_running_adoption_says_how_fast_it_is(operations: Client, environment: Environment) -> None:
    adoption = make_adoption(environment, "checking", *["adoptable"] * 20, *[""] * 30)
    Adoption.objects.filter(pk=adoption.pk).update(created_at=timezone.now() - timedelta(seconds=2))
    page = operations.get(f"{PATH}/{adoption.public_id}").content.decode()
    assert re.search(r"<span>\d+ a second</span>", page)
    assert re.search(r"<span>\d+ s left</span>", page)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"text": "name\nx"}, "has to name the columns"),
        ({"file": csv('name,tenant\n"open')}, "Line 2 cannot be read"),
        ({"file": csv("")}, "has to name the columns"),
        ({"file": csv("name,tenant\nä,ö", "latin-1")}, "not UTF-8"),
        ({"file": csv("name,tenant\na\x00,b")}, "It is not text"),
        ({"text": "name,tenant", "file": csv("name,tenant\n")}, "one of both"),
        ({}, "one of both"),
        ({"environment": "nothing", "text": "name,tenant\na,b"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_used_is_told_at_the_form(
    given: dict[str, object], told: str, operations: Client, environment: Environment
) -> None:
    for each in given.values():
        if isinstance(each, SimpleUploadedFile):
            each.seek(0)
    answer = operations.post(f"{PATH}/new", {"environment": str(environment.public_id)} | given)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Adoption.objects.exists()


def test_a_file_that_is_too_large_is_not_read(
    operations: Client, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption_form, "MOST_CHARACTERS", 20)
    given = {"environment": str(environment.public_id), "file": csv("name,tenant\n" + "a,b\n" * 10)}
    answer = operations.post(f"{PATH}/new", given)
    assert (answer.status_code, "too large" in answer.content.decode()) == (422, True)


def test_the_result_of_every_line_is_shown_and_what_can_be_is_adopted_on_a_press(
    operations: Client, environment: Environment
) -> None:
    adoption = make_adoption(environment, "checked", "adoptable", "unknown_at_aws")
    path = f"{PATH}/{adoption.public_id}"
    page = operations.get(path).content.decode()
    assert title_of(page) == "1 of 2 sources can be adopted"
    assert "Adopt 1 source<" in page
    assert "Not at AWS" in page
    assert "Why line 3." in page
    filtered = operations.get(f"{path}?finding=unknown_at_aws").content.decode()
    assert f"{NAME}/2" not in filtered
    assert f"{NAME}/3" in filtered
    assert "Why line 3." in operations.get(f"{path}?format=csv").getvalue().decode()
    assert operations.post(f"{path}/apply").headers["Location"] == path
    adoption.refresh_from_db()
    assert adoption.state == "applying"
    assert title_of(operations.get(path).content.decode()) == "0 of 1 source adopted so far"


def test_it_is_not_applied_before_aws_was_asked_about_all_of_it(operations: Client, environment: Environment) -> None:
    adoption = make_adoption(environment, "checking", "adoptable", "")
    answer = operations.post(f"{PATH}/{adoption.public_id}/apply", follow=True)
    assert "Wait until it is checked" in answer.content.decode()
    assert "<b>1</b> of 2" in answer.content.decode()
    adoption.refresh_from_db()
    assert adoption.state == "checking"


def test_it_is_cancelled_and_a_second_time_is_told(operations: Client, environment: Environment) -> None:
    adoption = make_adoption(environment, "applying", "adopted", "adoptable")
    path = f"{PATH}/{adoption.public_id}"
    assert "<b>1</b> of 2" in operations.get(path).content.decode()
    page = operations.post(f"{path}/cancel", follow=True).content.decode()
    adoption.refresh_from_db()
    assert (adoption.state, adoption.due_at) == ("cancelled", None)
    assert title_of(page) == "Cancelled with 1 of 2 sources adopted"
    assert "nothing to cancel" in operations.post(f"{path}/cancel", follow=True).content.decode()


def test_the_region_is_sent_only_when_it_has_changed(operations: Client, environment: Environment) -> None:
    adoption = make_adoption(environment, "checking", "", "")
    path = f"{PATH}/{adoption.public_id}"
    tag = operations.get(path).headers["ETag"]
    assert operations.get(path, headers=HTMX | {"If-None-Match": tag}).status_code == 304
    AdoptionLine.objects.filter(number=2).update(finding="adoptable")
    assert operations.get(path, headers=HTMX | {"If-None-Match": tag}).status_code == 200


def test_others_are_refused(client_of: ClientOf, environment: Environment) -> None:
    adoption = make_adoption(environment, "checked", "adoptable")
    for role in ("support", "manager"):
        for step in ("apply", "cancel"):
            assert client_of(role).post(f"{PATH}/{adoption.public_id}/{step}").status_code == 403
    adoption.refresh_from_db()
    assert adoption.state == "checked"


def test_pages_ask_as_many_questions_for_many_as_for_one(operations: Client, environment: Environment) -> None:
    adoption = make_adoption(environment, "checked", *["adoptable"] * 60)
    for _ in range(10):
        make_adoption(environment, "done", "adopted")
    for path in (PATH, f"{PATH}/{adoption.public_id}", f"{PATH}/new"):
        operations.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert operations.get(path).status_code == 200
        assert len(asked) <= 12
