"""Posts of events stand before the middleware for people, and keep what of it concerns them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from dashboard import events_first

EVENT = {"tenant": "alder", "type": "order.created", "detail": {}}


def test_a_post_goes_to_the_view_that_the_urls_name() -> None:
    assert resolve(events_first.PATH).func is events_first.events
    assert settings.MIDDLEWARE[0] == "dashboard.events_first.EventsFirst"


@pytest.mark.usefixtures("tenant")
def test_a_post_is_spared_sessions_and_the_policies_of_pages(post: Callable[..., Any]) -> None:
    answer = post(EVENT)
    assert (answer.status_code, answer.json()["stored"]) == (202, 1)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Length"] == str(len(answer.content))  # or the server would send it in chunks
    assert not hasattr(answer.wsgi_request, "session")
    assert not answer.has_header("Content-Security-Policy")


def test_reading_events_goes_the_usual_way(client: Client, api_key: str, store: None) -> None:
    answer = client.get(events_first.PATH, headers={"Authorization": f"Bearer {api_key}"})
    assert answer.status_code == 200
    assert answer.has_header("Content-Security-Policy")


def test_a_foreign_host_is_refused(client: Client, store: None) -> None:
    assert client.post(events_first.PATH, EVENT, content_type="application/json", HTTP_HOST="evil").status_code == 400
