"""Posting events as different backends do: one at a time, in batches, as NDJSON; the same ids again after an error."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.smoke.backend import JSON, Backend
from tests.smoke.books import Books
from tests.smoke.reading import Event

NDJSON = "application/x-ndjson"
SHAPES = (("single", 1), ("batch", 100), ("lines", 100))
LARGEST_BODY = 5_000_000 - 1_000  # bytes, less the brackets of a batch
CONNECTIONS = 4


@dataclass(frozen=True)
class Body:
    """One request's events, and how they are written."""

    shape: str
    events: list[Event]

    @property
    def content(self) -> bytes:
        if self.shape == "lines":
            return b"\n".join(event.body for event in self.events)
        if self.shape == "batch":
            return b'{"events":[%s]}' % b",".join(event.body for event in self.events)
        return self.events[0].body

    @property
    def content_type(self) -> str:
        return NDJSON if self.shape == "lines" else JSON


class Poster:
    """Posts, and enters into the books what Partnerbus promised."""

    def __init__(self, backend: Backend, books: Books) -> None:
        self._backend = backend
        self._books = books
        self._shapes = itertools.cycle(SHAPES)

    def post(self, events: list[Event]) -> None:
        """Post every event once, and once more whatever was not answered. Raises BrokenOff."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self._post, bodies(events, self._shapes)))

    def post_again(self, events: list[Event]) -> None:
        """Post events that are stored already: each has to be recognised. Raises BrokenOff."""
        for body in bodies(events, self._shapes):
            for event, result in self._results(body)[0]:
                self._check_recognised(event, result)

    def _post(self, body: Body) -> None:
        results, tries = self._results(body)
        for event, result in results:
            status = result["status"]
            if status not in ("stored", "duplicate") or result["code"]:
                self._books.note(f"{event.id} was answered {status}, {result['code']}: {result['message']}")
            elif status == "duplicate" and tries == 1:
                self._books.note(f"{event.id} was taken for a duplicate when it was posted for the first time")
            if result["event_id"]:
                self._books.promise(event, result["event_id"])

    def _results(self, body: Body) -> tuple[list[tuple[Event, dict[str, Any]]], int]:
        answer = self._backend.call("POST", "/events", body.content, body.content_type)
        return list(zip(body.events, answer.content["events"], strict=True)), answer.tries

    def _check_recognised(self, event: Event, result: dict[str, Any]) -> None:
        known = self._books.event_id_of(event)
        if known and (result["status"], result["code"], result["event_id"]) != ("duplicate", None, known):
            self._books.note(
                f"{event.id}, stored as {known}, was posted again and answered {result['status']} "
                f"{result['code'] or ''} {result['event_id']}"
            )


def bodies(events: list[Event], shapes: Iterator[tuple[str, int]]) -> Iterator[Body]:
    """Divide the events into requests of the given shapes, none longer than LARGEST_BODY."""
    shape, most = next(shapes)
    taken: list[Event] = []
    size = 0
    for event in events:
        if taken and (len(taken) == most or size + len(event.body) > LARGEST_BODY):
            yield Body(shape, taken)
            (shape, most), taken, size = next(shapes), [], 0
        taken.append(event)
        size += len(event.body) + 1
    if taken:
        yield Body(shape, taken)
