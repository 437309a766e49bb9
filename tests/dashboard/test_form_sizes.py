import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from dashboard.web.form_sizes import LARGEST

COOKIE = "a" * 32


def upload(size: int, path: str = "/theme") -> Any:
    """Post a file as somebody who invented the cookie against forgery."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["partnerbus_csrf"] = COOKIE
    return client.post(path, {"theme": "dark", "csrfmiddlewaretoken": COOKIE, "file": io.BytesIO(b"x" * size)})


def test_what_is_too_long_is_refused_before_it_is_read(settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "there is none")  # a file that is written would fail
    answer = upload(LARGEST)
    assert (answer.status_code, answer["Content-Type"]) == (413, "text/plain; charset=utf-8")
    assert b"At most 16 MiB" in answer.content


def test_a_form_of_the_usual_size_is_taken() -> None:
    assert upload(100).status_code == 302


@pytest.mark.django_db
def test_the_api_judges_its_own_bodies() -> None:
    answer = Client().post("/api/v1/events", b"x" * (LARGEST + 1), "application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
