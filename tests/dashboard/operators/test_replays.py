"""Replays on pages: counted first, asked for, watched and cancelled."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.events.models import Replay
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf, store_event
from tests.events.history import dead
from tests.events.replayed import ask

PATH = "/operators/replays"


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


@pytest.fixture
def source(cast: Cast, make_source: Callable[..., Source]) -> Source:
    return make_source(cast.alder)


@pytest.fixture
def letters(cast: Cast, source: Source) -> list[UUID]:
    """Three dead letters of Alder."""
    events = [UUID(store_event(cast.alder, source)) for _ in range(3)]
    for event_id in events:
        dead(source, event_id, "MalformedDetail", timezone.now())
    return events


def form_for(source: Source, /, **named: str) -> str:
    query = {"environment": str(source.environment.public_id), "tenant": str(source.tenant.public_id)} | named
    return f"{PATH}/new?{urlencode(query)}"


def test_a_replay_is_counted_before_anything_is_sent(support: Client, source: Source, letters: list[UUID]) -> None:
    shown = support.get(form_for(source)).content.decode()
    assert "3 deliveries can be sent again" in shown
    assert "Replay 3 deliveries" in shown
    assert not Replay.objects.exists()


def test_pressing_the_button_begins_it_with_its_rate_and_who_asked(
    support: Client, source: Source, letters: list[UUID]
) -> None:
    answer = support.post(form_for(source), {"states": ["dead"], "rate": "5"})
    replay = Replay.objects.get()
    assert answer.headers["Location"] == f"{PATH}/{replay.public_id}"
    assert (replay.rate, replay.matched, replay.actor_label) == (5, 3, "support@example.com")
    assert replay.tenant == source.tenant


@pytest.mark.parametrize(
    ("posted", "told"),
    [({"states": []}, "This field is required"), ({"states": ["dead"], "rate": "0"}, "greater than or equal to 1")],
)
def test_what_cannot_be_is_told_at_the_form(
    posted: dict[str, object], told: str, support: Client, source: Source, letters: list[UUID]
) -> None:
    answer = support.post(form_for(source), posted)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Replay.objects.exists()


def test_the_whole_environment_is_replayed_only_when_that_is_said(
    support: Client, source: Source, letters: list[UUID]
) -> None:
    path = f"{PATH}/new?{urlencode({'environment': str(source.environment.public_id)})}"
    assert "Yes, of the whole environment" in support.get(path).content.decode()
    refused = support.post(path, {"states": ["dead"]})
    assert refused.status_code == 422
    assert "Tick this if every such delivery of the environment is meant" in refused.content.decode()
    assert support.post(path, {"states": ["dead"], "everything": "on"}).status_code == 302


def test_a_tenant_of_another_environment_is_not_found(
    support: Client, source: Source, other_environment: object
) -> None:
    path = form_for(source, environment=str(other_environment.public_id))  # type: ignore[attr-defined]
    answer = support.get(path, follow=True)
    assert "This environment has no such tenant." in answer.content.decode()


@pytest.mark.parametrize("named", [{"source": str(uuid7())}, {"events": "none"}, {"from": "yesterday"}])
def test_what_names_nothing_leads_back_to_the_events(named: dict[str, str], support: Client, source: Source) -> None:
    answer = support.get(form_for(source, **named))
    assert answer.headers["Location"] == "/operators/events"


def test_it_is_watched_and_cancelled(support: Client, source: Source, letters: list[UUID]) -> None:
    replay = ask(source.environment, tenant=source.tenant)
    path = f"{PATH}/{replay.public_id}"
    assert "Begins in a moment" in support.get(path).content.decode()
    support.post(f"{path}/cancel")
    replay.refresh_from_db()
    assert replay.state == "cancelling"
    assert "Being taken back" in support.get(path).content.decode()


def test_while_it_runs_its_page_says_how_fast(support: Client, source: Source, letters: list[UUID]) -> None:
    replay = ask(source.environment)
    begun = timezone.now() - timedelta(seconds=2)
    Replay.objects.update(state="running", started_at=begun, enqueued=1_000_000, matched=2_000_000)
    page = support.get(f"{PATH}/{replay.public_id}").content.decode()
    assert re.search(r"<span>\d+,\d{3} a second</span>", page)


def test_a_manager_reads_and_does_not_act(client_of: ClientOf, source: Source, letters: list[UUID]) -> None:
    manager = client_of("manager")
    replay = ask(source.environment, tenant=source.tenant)
    shown = manager.get(f"{PATH}/{replay.public_id}").content.decode()
    assert "Cancel" not in shown
    assert manager.post(f"{PATH}/{replay.public_id}/cancel").status_code == 403
    assert manager.post(form_for(source), {"states": ["dead"]}).status_code == 403
    assert Replay.objects.count() == 1


def test_the_list_asks_as_many_questions_for_many_as_for_one(
    support: Client, source: Source, letters: list[UUID]
) -> None:
    ask(source.environment, tenant=source.tenant)
    support.get(PATH)
    with CaptureQueriesContext(connection) as one:
        support.get(PATH)
    for _ in range(10):
        ask(source.environment, tenant=source.tenant)
    with CaptureQueriesContext(connection) as many:
        assert "dead" in support.get(PATH).content.decode()
    assert len(many) <= len(one) <= 12


def test_the_list_is_a_file_too(support: Client, source: Source, letters: list[UUID]) -> None:
    support.post(form_for(source), {"states": ["dead"], "rate": "5"})
    assert f'href="{PATH}?format=csv"' in support.get(PATH).content.decode()
    heading, line = support.get(f"{PATH}?format=csv").getvalue().decode().splitlines()
    assert heading.startswith("id,created_at,requested_by,environment,tenant")
    assert line.startswith(str(Replay.objects.get().public_id))
    assert "support@example.com" in line
