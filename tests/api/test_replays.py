"""Replays and discards over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from integrations.events.models import Replay
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tenants.models import AuditEntry, Tenant
from tests.api.conftest import Call, problem
from tests.events.conftest import rows
from tests.events.replayed import accept, kill, queued_for, run

MakeSource = Callable[..., Source]
ALL = {"all": True}


@pytest.fixture
def alder(store: None, tenant: Tenant, make_source: MakeSource) -> Source:
    return make_source(tenant)


@pytest.fixture
def stored(alder: Source, call: Call) -> list[UUID]:
    """Three events: two accepted, the last dead."""
    posted = [{"tenant": "alder", "type": "order.created", "detail": {"n": n}} for n in range(3)]
    answer = call("POST", "/events", {"events": posted}).json()
    events = [UUID(each["event_id"]) for each in answer["events"]]
    accept(alder, *events[:2])
    kill(alder, events[2])
    return events


def only_replay() -> Replay:
    return Replay.objects.get()


def test_a_dry_run_counts_and_samples_and_writes_nothing(call: Call, alder: Source, stored: list[UUID]) -> None:
    answer = call("POST", "/replays", {"tenant": "alder", "dry_run": True})
    assert answer.status_code == 200
    document = answer.json()
    assert (document["dry_run"], document["matched"], document["matched_exactly"], document["missing"]) == (
        True,
        3,
        True,
        0,
    )
    assert {"event_id": str(stored[2]), "source": str(alder.public_id), "state": "dead"} in document["sample"]
    assert not Replay.objects.exists()


def test_a_replay_is_asked_for_watched_and_done(call: Call, alder: Source, stored: list[UUID]) -> None:
    answer = call("POST", "/replays", {"source": str(alder.public_id), "states": ["accepted"], "rate": 1000})
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["state"], asked["matched"], asked["rate"], asked["unknown_events"]) == ("requested", 2, 1000, [])
    assert (asked["source"], asked["tenant"], asked["requested_by"]) == (str(alder.public_id), None, "backend")
    run(only_replay())
    running = call("GET", f"/replays/{asked['id']}").json()
    assert (running["state"], running["enqueued"], running["still_to_send"]) == ("running", 2, 2)
    rows("delete from retry returning 1")
    run(only_replay(), timezone.now() + timedelta(minutes=2))
    done = call("GET", f"/replays/{asked['id']}").json()
    assert (done["state"], done["still_to_send"]) == ("done", 0)
    assert done["ended_at"] is not None
    entry = AuditEntry.objects.get(action="replay:request")
    assert (entry.actor_kind, entry.actor_label, entry.object_id) == ("key", "backend", asked["id"])


def test_a_replay_of_named_events_tells_which_are_unknown(call: Call, stored: list[UUID]) -> None:
    unknown = str(uuid7())
    asked = call("POST", "/replays", {"events": [str(stored[0]), unknown]}).json()
    assert (asked["events"], asked["matched"], asked["unknown_events"]) == (2, 1, [unknown])
    assert queued_for(run(only_replay())) == [stored[0]]


def test_the_period_is_given_and_told_as_from_and_to(call: Call, stored: list[UUID]) -> None:
    asked = call("POST", "/replays", {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00+00:00"}).json()
    assert (asked["from"], asked["to"], asked["matched"]) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 0)


def test_cancelling_takes_back_what_is_queued(call: Call, stored: list[UUID]) -> None:
    replay_id = call("POST", "/replays", ALL).json()["id"]
    run(only_replay())
    answer = call("POST", f"/replays/{replay_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelling")
    run(only_replay())
    cancelled = call("GET", f"/replays/{replay_id}").json()
    assert (cancelled["state"], cancelled["withdrawn"], cancelled["still_to_send"]) == ("cancelled", 3, 0)
    problem(call("POST", f"/replays/{replay_id}/cancel"), 409, "replay_ended")


def test_the_list_is_newest_first_and_has_pages(call: Call, alder: Source) -> None:
    asked = [call("POST", "/replays", ALL).json()["id"] for _ in range(3)]
    first = call("GET", "/replays?limit=2").json()
    assert [each["id"] for each in first["replays"]] == asked[:0:-1]
    second = call("GET", f"/replays?limit=2&before={first['next']}").json()
    assert ([each["id"] for each in second["replays"]], second["next"]) == ([asked[0]], None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "filter_empty"),
        ({"dry_run": True}, 422, "filter_empty"),
        ({"tenat": "alder"}, 422, "invalid_request"),
        ({"events": ["x"]}, 422, "invalid_request"),
        ({"events": []}, 422, "events_count_invalid"),
        ({"from": "2026-01-01T00:00:00"}, 422, "invalid_request"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422, "period_empty"),
        ({"states": ["held"], "all": True}, 422, "states_unknown"),
        ({"rate": 0, "all": True}, 422, "rate_invalid"),
        ({"rate": -5, "all": True}, 422, "rate_invalid"),
        ({"type": "x" * 129}, 422, "filter_invalid"),
        ({"tenant": "nobody"}, 404, "tenant_unknown"),
        ({"source": "01a20917-5fb2-7000-a885-fdf5efacc335"}, 404, "source_unknown"),
    ],
)
def test_what_cannot_be_a_filter_is_refused(
    call: Call, alder: Source, body: dict[str, Any], status: int, code: str
) -> None:
    problem(call("POST", "/replays", body), status, code)
    assert not Replay.objects.exists()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_any_moment_is_a_period(call: Call, alder: Source, moment: str) -> None:
    for body in ({"from": moment}, {"to": moment}):
        assert call("POST", "/replays", body | {"dry_run": True}).json()["matched"] == 0


def test_another_environments_key_sees_and_changes_nothing(
    call: Call, other_key: str, alder: Source, stored: list[UUID]
) -> None:
    replay_id = call("POST", "/replays", ALL).json()["id"]
    problem(call("GET", f"/replays/{replay_id}", key=other_key), 404, "replay_unknown")
    problem(call("POST", f"/replays/{replay_id}/cancel", key=other_key), 404, "replay_unknown")
    assert call("GET", "/replays", key=other_key).json() == {"replays": [], "next": None}
    problem(call("POST", "/replays", {"tenant": "alder"}, key=other_key), 404, "tenant_unknown")
    problem(call("POST", "/replays", {"source": str(alder.public_id)}, key=other_key), 404, "source_unknown")
    named = call("POST", "/replays", {"events": [str(event) for event in stored], "dry_run": True}, key=other_key)
    assert (named.json()["matched"], len(named.json()["unknown_events"]), named.json()["sample"]) == (0, 3, [])
    everything = call("POST", "/dead-letters/discard", ALL, key=other_key)
    assert everything.json() == {"discarded": 0, "more": False}
    assert rows("select count(*) from dead") == [(1,)]
    assert only_replay().state == Replay.State.REQUESTED


def test_the_scopes_are_asked_for(call: Call, key_with: Callable[..., str], alder: Source, stored: list[UUID]) -> None:
    replay_id = call("POST", "/replays", ALL).json()["id"]
    writing = [("/replays", ALL), (f"/replays/{replay_id}/cancel", None), ("/dead-letters/discard", ALL)]
    reading = ["/replays", f"/replays/{replay_id}"]
    for path, body in writing:
        problem(call("POST", path, body, key=key_with("events:read", "events:write")), 403, "scope_missing")
        assert call("POST", path, body, key=key_with("events:replay")).status_code in (200, 202)
    for path in reading:
        problem(call("GET", path, key=key_with("events:replay")), 403, "scope_missing")
        assert call("GET", path, key=key_with("events:read")).status_code == 200


def test_dead_letters_are_counted_and_given_up(call: Call, alder: Source, stored: list[UUID]) -> None:
    counted = call("POST", "/dead-letters/discard", {"tenant": "alder", "dry_run": True}).json()
    assert (counted["matched"], [each["event_id"] for each in counted["sample"]]) == (1, [str(stored[2])])
    assert rows("select count(*) from dead") == [(1,)]
    assert call("POST", "/dead-letters/discard", {"tenant": "alder"}).json() == {"discarded": 1, "more": False}
    story = call("GET", f"/events/{stored[2]}").json()
    assert (story["deliveries"][0]["state"], story["deliveries"][0]["reason"]) == ("settled", "dropped")
    problem(call("POST", "/dead-letters/discard", {}), 422, "filter_empty")
    problem(call("POST", "/dead-letters/discard", {"states": ["accepted"], "all": True}), 422, "invalid_request")


def test_a_replay_says_why_it_cannot_go_on(call: Call, alder: Source, environment: Environment) -> None:
    replay_id = call("POST", "/replays", ALL).json()["id"]
    Replay.objects.update(failure="Tried again: canceling statement due to lock timeout", tries=1)
    assert "lock timeout" in call("GET", f"/replays/{replay_id}").json()["failure"]
