from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import include, path
from django.views import defaults


def _raiser(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    path("400", _raiser(SuspiciousOperation())),
    path("403", _raiser(PermissionDenied())),
    path("404", _raiser(Http404())),
    path("500", _raiser(RuntimeError("a secret"))),
    path("", include("dashboard.urls")),
]


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "This request cannot be read"),
        (403, "This is not yours to open"),
        (404, "There is nothing here"),
        (500, "Something went wrong on our side"),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_every_error_has_a_page_of_ours_that_needs_no_database(status: int, title: str) -> None:
    answer = Client(raise_request_exception=False).get(f"/{status}")
    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in page
    assert "css/app.css" in page
    assert "a secret" not in page
    # A person chooses the theme here too, except where nothing at all may be counted on; no tick says that all is well.
    assert ('action="/theme"' in page) is (status != 500)
    assert "t-ok" not in page


def test_the_page_of_last_resort_is_rendered_without_context() -> None:
    assert b"Something went wrong" in defaults.server_error(RequestFactory().get("/")).content
