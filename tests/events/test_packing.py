"""Packing deliveries into calls: within AWS's limits, nothing skipped, nothing twice, in order, and not wasteful."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.events.claims import Delivery
from integrations.events.lanes import WorkingLane
from integrations.events.sending import pack
from integrations.events.wire import head_of
from integrations.registration.models import Environment
from tenants.identifiers import uuid7

MOST_ENTRIES = 20
REGIONS = ("eu-west-1", "us-east-1")


@dataclass(frozen=True)
class Work:
    """What is to be packed: the byte limit of each environment, the place of each lane, and (lane, detail) in order."""

    limits: list[int]
    lanes: list[tuple[int, str]]
    events: list[tuple[int, str]]


@dataclass(frozen=True)
class Call:
    """What one call carries: its place, its entries, and which events they are."""

    place: tuple[int, str]
    entries: list[bytes]
    events: list[int]

    @property
    def wire_bytes(self) -> int:
        return sum(map(len, self.entries))


@st.composite
def works(draw: st.DrawFn) -> Work:
    limits = draw(st.lists(st.integers(300, 6_000) | st.just(262_144), min_size=1, max_size=3))
    places = st.tuples(st.integers(0, len(limits) - 1), st.sampled_from(REGIONS))
    lanes = draw(st.lists(places, min_size=1, max_size=6))
    details = st.integers(0, 1_500).map("x".__mul__) | st.text(max_size=60)
    events = draw(st.lists(st.tuples(st.integers(0, len(lanes) - 1), details), max_size=120))
    return Work(limits, lanes, events)


def packed(work: Work) -> list[Call]:
    """Pack by the product; the only place here that knows its types."""
    environments = {number: Environment(pk=number, max_request_bytes=limit) for number, limit in enumerate(work.limits)}
    lanes = [
        WorkingLane(
            source_id=number,
            name=f"lane{number}",
            environment_id=environment,
            region=region,
            observed="active",
            selection_since=None,
            retries=False,
            heavy=False,
            head=head_of(f"lane{number}"),
        )
        for number, (environment, region) in enumerate(work.lanes)
    ]
    deliveries = [
        Delivery(lanes[lane], False, uuid7().bytes, stored(number, detail))
        for number, (lane, detail) in enumerate(work.events)
    ]
    numbers = {delivery.event_id: number for number, delivery in enumerate(deliveries)}
    return [
        Call(
            (request.environment.pk, request.region),
            request.entries,
            [numbers[delivery.event_id] for delivery in request.deliveries],
        )
        for request in pack(deliveries, environments)
    ]


def stored(number: int, detail: str) -> bytes:
    """Return an event as it is stored: an entry without its opening brace and source."""
    entry = {"Time": 1, "Resources": [f"urn:{number}"], "DetailType": "t", "Detail": json.dumps({"d": detail})}
    return json.dumps(entry).encode()[1:]


def counted_by_aws(entry: dict[str, Any]) -> int:
    """Return what AWS counts for an entry: 14 bytes for its time, and the texts in UTF-8."""
    texts = [entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"]]
    return 14 + sum(len(text.encode()) for text in texts)


@settings(max_examples=120)
@given(works())
@example(Work([262_144], [(0, REGIONS[0])], [(0, "")] * 41))
@example(Work([300], [(0, REGIONS[0])], [(0, "x" * 1_000), (0, ""), (0, "x" * 1_000), (0, "x" * 1_000)]))
def test_a_call_is_within_the_limits_of_its_one_environment_and_region(work: Work) -> None:
    for call in packed(work):
        assert 1 <= len(call.entries) <= MOST_ENTRIES
        size = sum(counted_by_aws(json.loads(entry)) for entry in call.entries)
        assert size <= work.limits[call.place[0]] or len(call.entries) == 1
        assert {work.lanes[work.events[event][0]] for event in call.events} == {call.place}


@settings(max_examples=120)
@given(works())
def test_every_delivery_is_in_exactly_one_call_and_its_entry_beside_it(work: Work) -> None:
    calls = packed(work)
    assert Counter(event for call in calls for event in call.events) == Counter(range(len(work.events)))
    for call in calls:
        for event, entry in zip(call.events, call.entries, strict=True):
            lane, detail = work.events[event]
            told = json.loads(entry)
            assert (told["Source"], told["Resources"]) == (f"lane{lane}", [f"urn:{event}"])
            assert json.loads(told["Detail"]) == {"d": detail}


@settings(max_examples=120)
@given(works())
def test_the_order_of_every_lane_is_kept(work: Work) -> None:
    sent: dict[int, list[int]] = defaultdict(list)
    for call in packed(work):
        for event in call.events:
            sent[work.events[event][0]].append(event)
    assert all(events == sorted(events) for events in sent.values())


@settings(max_examples=120)
@given(works())
def test_a_call_is_closed_only_when_the_next_entry_of_its_place_does_not_fit(work: Work) -> None:
    by_place: dict[tuple[int, str], list[Call]] = defaultdict(list)
    for call in packed(work):
        by_place[call.place].append(call)
    for (environment, _), calls in by_place.items():
        for call, following in pairwise(calls):
            full = len(call.entries) == MOST_ENTRIES
            assert full or call.wire_bytes + len(following.entries[0]) > work.limits[environment]
