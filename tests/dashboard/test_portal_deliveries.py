"""A tenant's own deliveries, their replays, and trying a selection on them."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from integrations.events.models import Replay
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import AuditEntry
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, MakeSource
from tests.events.history import accepted, dead

Post = Callable[..., UUID]


@pytest.fixture
def post(cast: Cast, api_key: str) -> Post:
    """Post one event as the backend does."""

    def posted(tenant: str = "alder", kind: str = "order.created", total: float = 1, **more: str) -> UUID:
        body = {"tenant": tenant, "type": kind, "detail": {"total": total, "note": f"of {tenant}"}, **more}
        headers = {"Authorization": f"Bearer {api_key}"}
        answer = Client().post("/api/v1/events", json.dumps(body), content_type="application/json", headers=headers)
        return UUID(answer.json()["events"][0]["event_id"])

    return posted


@pytest.fixture
def source(cast: Cast, make_source: MakeSource) -> Source:
    return make_source(cast.alder)


@pytest.fixture
def admin(client_of: ClientOf) -> Client:
    return client_of("tenant admin")


def at(cast: Cast, path: str = "") -> str:
    return f"/portal/{cast.alder.public_id}/{path}"


def take(source: Source, event: UUID) -> None:
    """Let AWS have accepted what waits."""
    accepted(source, event, timezone.now())


def test_the_list_has_this_tenants_events_by_type_state_and_id(
    cast: Cast, admin: Client, source: Source, make_source: MakeSource, post: Post
) -> None:
    make_source(cast.birch)
    mine, paid, theirs = post(id="order-1"), post(kind="order.paid"), post(tenant="birch", kind="birch.secret")
    take(source, paid)
    page = admin.get(at(cast, "deliveries")).content.decode()
    assert str(mine) in page
    assert "order-1" in page
    assert str(theirs) not in page
    assert "birch.secret" not in page
    assert str(mine) not in admin.get(at(cast, "deliveries"), {"type": "order.paid"}).content.decode()
    assert str(mine) not in admin.get(at(cast, "deliveries"), {"state": "accepted"}).content.decode()
    assert str(mine) in admin.get(at(cast, "deliveries"), {"q": "order-1"}).content.decode()
    assert "Nothing matches" in admin.get(at(cast, "deliveries"), {"q": str(theirs)}).content.decode()


def test_the_list_goes_on_page_by_page_and_as_a_file(
    cast: Cast, admin: Client, source: Source, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.portal.views.deliveries.SIZE", 2)
    monkeypatch.setattr("integrations.events.listing.CHUNK", 2)
    ids = [str(post(kind="=order")) for _ in range(3)]
    first = admin.get(at(cast, "deliveries")).content.decode()
    assert [f'deliveries/{each}"' in first for each in ids] == [False, True, True]
    older = admin.get(at(cast, "deliveries"), {"after": ids[1]}).content.decode()
    assert [f'deliveries/{each}"' in older for each in ids] == [True, False, False]
    file = admin.get(at(cast, "deliveries"), {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["event_id"] for row in rows] == ids[::-1]
    assert rows[0]["type"] == "'=order"  # no formula


def hang_up(response: Any) -> None:
    """Close the response as the server does when nobody reads it to its end; the test's connection stays."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


def test_a_tenant_downloads_few_files_at_once(cast: Cast, admin: Client, client_of: ClientOf, source: Source) -> None:
    def download(browser: Client = admin) -> Any:
        return browser.get(at(cast, "deliveries"), {"format": "csv"})

    running = [download(), download(client_of("tenant viewer"))]
    refused = download()
    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert "Two files are being downloaded already" in refused.content.decode()
    assert b"".join(running[0].streaming_content).startswith(b"event_id,")
    again = download()
    assert again.status_code == 200
    hang_up(again)
    hang_up(running[1])
    assert [each.status_code for each in (download(), download(), download())] == [200, 200, 429]


def test_an_event_shows_the_envelope_of_the_rule_and_reading_it_is_written_down(
    cast: Cast, client_of: ClientOf, source: Source, post: Post
) -> None:
    event = post(total=12.50)
    take(source, event)
    page = client_of("tenant viewer").get(at(cast, f"deliveries/{event}")).content.decode()
    assert f"&quot;source&quot;: &quot;{source.name}&quot;" in page
    assert "Accepted by AWS" in page
    assert "Send it again" not in page
    read = AuditEntry.objects.get(action="event:read_payload")
    assert (read.object_id, read.actor_label) == (str(event), "viewer@alder.example.com")


def test_anothers_event_is_neither_shown_nor_sent_nor_written_down(
    cast: Cast, admin: Client, make_source: MakeSource, source: Source, post: Post
) -> None:
    theirs = make_source(cast.birch)
    event = post(tenant="birch")
    take(theirs, event)
    for unknown in (event, uuid4(), "no-id"):
        assert admin.get(at(cast, f"deliveries/{unknown}")).status_code == 404
        assert admin.post(at(cast, f"deliveries/{unknown}/replay")).status_code == 404
    assert admin.get(at(cast, "deliveries/replay"), {"source": str(theirs.public_id)}).status_code == 404
    assert not AuditEntry.objects.filter(action__startswith="event:").exists()
    assert not Replay.objects.exists()


def test_one_event_is_sent_again(cast: Cast, admin: Client, source: Source, post: Post) -> None:
    event = post()
    take(source, event)
    admin.post(at(cast, f"deliveries/{event}/replay"))
    replay = Replay.objects.get()
    assert (replay.tenant, replay.events, replay.matched) == (cast.alder, [event], 1)
    assert replay.actor_label == "admin@alder.example.com"


def test_a_bulk_replay_counts_first_and_reaches_this_tenant_alone(
    cast: Cast, admin: Client, source: Source, make_source: MakeSource, post: Post
) -> None:
    theirs = make_source(cast.birch)
    take(source, post())
    dead(source, post(kind="order.paid"), "InvalidArgument", timezone.now())
    take(theirs, post(tenant="birch"))
    path = at(cast, "deliveries/replay")
    assert b"Send 2 deliveries again?" in admin.get(path).content
    assert not Replay.objects.exists()
    narrow = f"{path}?type=order.created"
    assert b"Send 1 delivery again?" in admin.get(narrow).content
    sent = admin.post(narrow)
    replay = Replay.objects.get()
    assert sent["Location"] == at(cast, f"replays/{replay.public_id}")
    assert (replay.tenant, replay.type, replay.matched) == (cast.alder, "order.created", 1)
    progress = admin.get(sent["Location"]).content.decode()
    assert "Sending again" in progress
    assert "Stop" in progress
    admin.post(f"{sent['Location']}/cancel")
    replay.refresh_from_db()
    assert replay.state == "cancelling"


@pytest.mark.parametrize("query", ["type=unknown", "state=gone", "since=yesterday", "q=order-1", "source=x"])
def test_a_filter_that_is_not_understood_replays_nothing(
    cast: Cast, admin: Client, source: Source, post: Post, query: str
) -> None:
    take(source, post())
    path = at(cast, f"deliveries/replay?{query}")
    assert admin.get(path).status_code == 404
    assert admin.post(path).status_code == 404
    assert not Replay.objects.exists()


def test_another_tenants_replay_is_not_there(
    cast: Cast, admin: Client, client_of: ClientOf, make_source: MakeSource, post: Post, environment: Environment
) -> None:
    event = post(tenant="birch")
    take(make_source(cast.birch), event)
    client_of("other tenant's admin").post(f"/portal/{cast.birch.public_id}/deliveries/{event}/replay")
    replay = Replay.objects.get()
    assert admin.get(at(cast, f"replays/{replay.public_id}")).status_code == 404
    assert admin.post(at(cast, f"replays/{replay.public_id}/cancel")).status_code == 404
    replay.refresh_from_db()
    assert replay.state == "requested"


class TestSelection:
    def test_trying_says_what_would_be_taken_and_changes_nothing(
        self, cast: Cast, admin: Client, source: Source, post: Post
    ) -> None:
        for total in (50, 150, 250):
            post(total=total)
        pattern = '{"detail": {"total": [{"numeric": [">", 100]}]}}'
        path = at(cast, f"sources/{source.public_id}/selection")
        given = {"scope": "all", "pattern": pattern, "pasted": '{"total": 99}', "try": "1"}
        page = admin.post(path, given).content.decode()
        assert "2 of your latest 3 events" in page
        assert "The event that you pasted is left out" in page
        part = admin.post(path, given, headers=HTMX).content.decode()
        assert part.lstrip().startswith('<section class="card" id="trial"')
        source.refresh_from_db()
        assert source.pattern is None
        assert AuditEntry.objects.filter(action="source:try_selection").count() == 2

    def test_saving_counts_from_now_on(self, cast: Cast, admin: Client, source: Source, post: Post) -> None:
        post()
        path = at(cast, f"sources/{source.public_id}/selection")
        admin.post(path, {"scope": "some", "types": ["order.created"], "pattern": "", "save": "1"})
        source.refresh_from_db()
        assert (source.event_types, source.pattern) == (["order.created"], None)
        shown = admin.get(path).content.decode()
        assert 'value="order.created"' in shown
        assert AuditEntry.objects.filter(action="source:select").count() == 1

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"pattern": "{"}, "Invalid JSON at line: 1"),
            ({"pattern": '{"detail": {}}'}, "Empty objects are not allowed"),
            ({"pattern": '{"detail": {"total": [{"numeric": [">"]}]}}'}, "Correct the pattern"),
            ({"pasted": "[1]"}, "not a JSON object"),
            ({"pasted": "{"}, "The event is not JSON"),
            ({"scope": "some"}, "Name 1 to 100 event types"),
        ],
    )
    def test_what_is_wrong_is_said_in_words_also_to_htmx(
        self, cast: Cast, admin: Client, source: Source, given: dict[str, str], sentence: str
    ) -> None:
        path = at(cast, f"sources/{source.public_id}/selection")
        wanted = {"scope": "all", "try": "1"} | given
        refused = admin.post(path, wanted)
        assert refused.status_code == 422
        assert sentence in refused.content.decode()
        part = admin.post(path, wanted, headers=HTMX)
        assert part.status_code == 200
        assert sentence in part.content.decode()

    def test_no_others_events_are_tried(
        self, cast: Cast, admin: Client, source: Source, make_source: MakeSource, post: Post
    ) -> None:
        make_source(cast.birch)
        post(tenant="birch")
        page = admin.post(at(cast, f"sources/{source.public_id}/selection"), {"scope": "all", "try": "1"})
        assert "0 of your latest 0 events" in page.content.decode()
