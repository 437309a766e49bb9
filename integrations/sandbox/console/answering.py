"""The console's addresses: the page, its actions, and the product's own style sheets and pictures."""

import ipaddress
import mimetypes
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from integrations.sandbox.console.acting import ACTIONS, Admin
from integrations.sandbox.console.page import console_page
from integrations.sandbox.console.place import FALLBACK, Place, places
from integrations.sandbox.endpoint import Request
from integrations.sandbox.errors import AwsError
from integrations.sandbox.protocols import Response
from integrations.sandbox.simulator import Simulator
from integrations.sandbox.sources import expire_due

# Files of the product, found by their place and not by an import, which the simulator may not make.
STATIC = Path(__file__).resolve().parents[3] / "static"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
PLACE = {"account": re.compile(r"[0-9]{12}"), "region": re.compile(r"[a-z0-9-]{5,30}")}
SAID: dict[str, str] = {}


class Refused(Exception):
    """The console does not answer this; the message says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def answer_console(simulator: Simulator, request: Request, path: str) -> Response | None:
    """Answer what belongs to the console, None for anything else. Raises Refused."""
    if request.method == "GET" and path.startswith("static/"):
        return _file(path.removeprefix("static/"))
    if request.method == "GET" and not path:
        return _page(simulator, request)
    if request.method == "POST" and path.startswith("console/"):
        return _act(simulator, request, path.removeprefix("console/"))
    return None


def _page(simulator: Simulator, request: Request) -> Response:
    refuse_rebinding(request)
    asked = dict(parse_qsl(urlsplit(request.path).query))
    if "to" in asked:  # the chooser, which works without a script
        asked |= dict(parse_qsl(urlsplit(asked["to"]).query))
    now = datetime.now(UTC)
    with simulator.changing():
        expire_due(simulator, now)
        text = console_page(simulator, _place(simulator, asked), now, said=SAID.get(asked.get("done", ""), ""))
    return Response(200, text.encode(), "text/html; charset=utf-8", HEADERS)


def _act(simulator: Simulator, request: Request, name: str) -> Response:
    """Do it and lead back to the page; a refusal is the page with its reason and what was typed."""
    refuse_rebinding(request)
    if urlsplit(request.header("Origin")).netloc != request.header("Host"):
        raise Refused(403, "The console's forms are taken from the console itself only.")
    action = ACTIONS.get(name)
    if action is None:
        raise Refused(404, f"The console has no action {name}. It has: {', '.join(ACTIONS)}.")
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    here = _place(simulator, form)
    try:
        said = action(Admin(simulator, here, f"http://{request.header('Host')}"), form)
    except KeyError as missing:
        raise Refused(400, f"The form's field {missing} is missing.") from None
    except AwsError as error:
        with simulator.changing():
            text = console_page(
                simulator, here, datetime.now(UTC), refused=f"{error.message} ({error.code})", typed=form
            )
        return Response(422, text.encode(), "text/html; charset=utf-8", HEADERS)
    return Response(303, b"", "text/plain", {**HEADERS, "Location": f"{here.url}&done={_remembered(said)}"})


def _remembered(said: str) -> str:
    """A key for a sentence of ours, so that no address can put words on the page."""
    if len(SAID) > 200:
        SAID.clear()
    key = re.sub(r"[^a-z0-9]+", "-", said.lower())[:60]
    SAID[key] = said
    return key


def _place(simulator: Simulator, asked: dict[str, str]) -> Place:
    known = places(simulator)
    first = known[0] if known else Place(*FALLBACK)
    account, region = asked.get("account", first.account), asked.get("region", first.region)
    if not (PLACE["account"].fullmatch(account) and PLACE["region"].fullmatch(region)):
        raise Refused(400, "An account is twelve digits, and a region looks like eu-west-1.")
    return Place(account, region)


def refuse_rebinding(request: Request) -> None:
    """A foreign name that was made to point here would make its pages ours: take addresses and plain names only."""
    host = (urlsplit(f"//{request.header('Host')}").hostname or "").rstrip(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if "." in host:
            raise Refused(403, f"The console does not answer to {host}: use the machine's address.") from None


def _file(name: str) -> Response:
    path = (STATIC / name).resolve()
    if not (path.is_relative_to(STATIC) and path.is_file()):
        raise Refused(404, f"There is no file {name}.")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(200, path.read_bytes(), kind, {**HEADERS, "Cache-Control": "max-age=300"})
