"""How the API says that something is wrong: always `application/problem+json`, always with a stable code."""

import json
import logging
from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from integrations.problems import Problem

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "2"

log = logging.getLogger(__name__)


def render(problem: Problem) -> HttpResponse:
    """Return the problem as an HTTP response."""
    response = HttpResponse(json.dumps(problem.document()), status=problem.status, content_type=MEDIA_TYPE)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def install(api: NinjaAPI) -> None:
    """Let the API answer every exception with a problem document."""
    for raised, translate in _TRANSLATIONS:
        api.add_exception_handler(raised, _handler(translate))


def speaking_problems(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a view of the framework, so that what it refuses by itself is a problem document too."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        try:
            response = view(request, *arguments, **named)
        except Http404:
            return unknown_path(request)
        if isinstance(response, HttpResponseNotAllowed):
            return render(method_not_allowed(response["Allow"].split(", ")))
        return response

    return answer


def method_not_allowed(allowed: Sequence[str]) -> Problem:
    """Return the problem of a known path and a method that it does not have."""
    methods = ", ".join(sorted(allowed))
    return Problem(405, "method_not_allowed", f"This address answers {methods} only.", headers={"Allow": methods})


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """Answer for every path below the API that nothing else answers for."""
    return render(Problem(404, "path_unknown", "There is nothing at this address. See /api/v1/docs for what there is."))


def _of_validation(error: ValidationError) -> Problem:
    errors = [{"field": _field(line["loc"]), "message": str(line["msg"])} for line in error.errors]
    first = errors[0]
    return Problem(422, "invalid_request", f"{first['field']}: {first['message']}.", errors=errors)


def _field(location: Sequence[Any]) -> str:
    """Of `("body", "offer", "account")` the caller knows `account`: the rest is the place and our parameter."""
    place, *path = location
    named = path[1:] if place == "body" and len(path) > 1 else path
    return ".".join(str(part) for part in named) or str(place)


def _of_http_error(error: HttpError) -> Problem:
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    if isinstance(error.__cause__, RequestDataTooBig):
        return _too_large(error.__cause__)
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(error.status_code, phrase.lower().replace(" ", "_"), f"{phrase}: {error}.")


def _too_large(_: RequestDataTooBig) -> Problem:
    return Problem(413, "body_too_large", "The body is larger than this call takes. Send less.")


def _not_found(_: Http404) -> Problem:
    return Problem(404, "not_found", "There is no such object in this environment.")


def _of_database(error: Exception) -> Problem:
    log.warning("the database did not answer: %s", error)
    connection.close()
    return Problem(
        503,
        "store_unavailable",
        "The database did not answer. Nothing was changed; repeat the call.",
        headers={"Retry-After": RETRY_AFTER_SECONDS},
    )


def _of_defect(error: Exception) -> Problem:
    log.error("an API call failed", exc_info=error)
    return Problem(500, "internal_error", "This is a defect of Partnerbus. The log has the details; please report it.")


_TRANSLATIONS: Sequence[tuple[type[Exception], Callable[[Any], Problem]]] = (
    (Problem, lambda problem: problem),
    (ValidationError, _of_validation),
    (HttpError, _of_http_error),
    (RequestDataTooBig, _too_large),
    (Http404, _not_found),
    (OperationalError, _of_database),
    (InterfaceError, _of_database),
    (Exception, _of_defect),
)


def _handler(translate: Callable[[Any], Problem]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: render(translate(error))
