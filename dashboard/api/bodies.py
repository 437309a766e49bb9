"""Reading a JSON body as strictly as the database and AWS will."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from integrations.problems import Problem


class StrictParser(Parser):
    """UTF-8 JSON without what JSON does not have, and without text that PostgreSQL cannot store."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body's object. Raises Problem 400 `json_invalid` or 422 `invalid_request`."""
        body = _complete_body(request)
        try:
            parsed = json.loads(
                body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_without_repeated_names
            )
        except RecursionError:
            raise _invalid("it is nested too deeply") from None
        except ValueError as error:
            raise _invalid(str(error)) from None
        _check_texts(parsed, "")
        if not isinstance(parsed, dict):
            raise Problem(422, "invalid_request", "body: send a JSON object.", errors=[])
        return parsed


def _complete_body(request: HttpRequest) -> bytes:
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise Problem(411, "length_required", "Send the body with a Content-Length.")
    body: bytes = request.body
    announced = int(request.headers.get("Content-Length") or 0)
    if len(body) < announced:
        raise Problem(400, "body_incomplete", f"Only {len(body)} of {announced} bytes arrived. Send it again.")
    return body


def _without_repeated_names(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice would silently lose one of its values: of a pattern, a condition."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a name stands twice in one object")
    return found


def _check_texts(value: Any, place: str) -> None:
    if isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_text(name, place)
            _check_texts(member, place or name)
    elif isinstance(value, list):
        for member in value:
            _check_texts(member, place)


def _check_text(text: str, place: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        field = place.encode(errors="replace").decode().replace("\x00", "?") or "body"
        raise Problem(
            422,
            "invalid_request",
            f"{field}: the text holds a NUL or half of a surrogate pair, which cannot be stored. Take it out.",
            errors=[{"field": field, "message": "NUL or half of a surrogate pair"}],
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _invalid(reason: str) -> Problem:
    return Problem(400, "json_invalid", f"The body is not JSON in UTF-8: {reason}.")
