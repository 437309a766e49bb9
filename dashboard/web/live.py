"""Regions of a page that refresh by themselves: rendered with the page, then asked for alone, sent only if changed."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def page_or_region(
    request: HttpRequest, template: str, facts: object, context: Mapping[str, Any], asked_at: Sequence[datetime] = ()
) -> HttpResponse:
    """Render the page, or for htmx its partial `live`, or 304 if the region shown there has the same facts.

    `facts` is plain data whose repr holds all that the region shows; relative times are kept up to date by the browser.
    When AWS was asked changes all the time and is no reason to swap the region: `asked_at`, in the order of the page,
    comes with the 304 as an event for the browser, which writes the moments where they belong.
    The region carries its tag in `hx-headers`, and nothing is stored by the browser: its own cache would turn a 304
    into a 200 before htmx sees it, and the region would be swapped under the pointer.
    """
    tag = _tag((facts, len(asked_at)))
    response: HttpResponse
    if request.htmx and request.headers.get("If-None-Match") == tag:  # type: ignore[attr-defined]
        response = HttpResponseNotModified()
        response.headers["HX-Trigger"] = json.dumps({"asked": [int(moment.timestamp()) for moment in asked_at]})
    else:
        part = f"{template}#live" if request.htmx else template  # type: ignore[attr-defined]
        response = render(request, part, {**context, "tag": tag})
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def _tag(facts: object) -> str:
    shown = f"{settings.VERSION} {facts!r}"
    return '"' + blake2b(shown.encode(), digest_size=12).hexdigest() + '"'
