"""The hard payloads are legal, hard, and the file in the repository is what the generator makes."""

import json

from launcher.configuration import ROOT
from tests.smoke.hard_payloads import DEEP, large_events, small_events, text_of
from tests.smoke.reading import Event, read_events

FILE = ROOT / "tests" / "data" / "hard-payloads.ndjson"
REQUEST_BYTES = 262_144


def detail(name: str) -> bytes:
    return next(event.detail for event in [*small_events(), *large_events()] if event.id.endswith(f"/{name}"))


def test_the_file_is_what_the_generator_writes() -> None:
    assert FILE.read_bytes() == text_of(small_events()).encode()
    assert read_events(FILE) == small_events()
    assert FILE.stat().st_size < 400_000


def test_every_detail_is_a_json_object() -> None:
    for event in [*small_events(), *large_events()]:
        assert isinstance(json.loads(event.detail), dict), event.id


def test_large_ones_nearly_fill_a_call() -> None:
    assert all(0.9 * REQUEST_BYTES < len(event.detail) < REQUEST_BYTES - 1_000 for event in large_events())


def test_deep_ones_are_deep() -> None:
    assert detail("deep-objects").count(b"{") == DEEP
    assert detail("deep-lists").count(b"[") == DEEP - 1


def test_ids_are_unique() -> None:
    events: list[Event] = [*small_events(), *large_events()]
    assert len({event.id for event in events}) == len(events)
