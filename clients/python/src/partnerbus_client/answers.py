"""Reading what the server answered, and believing no more of it than it says."""

import json
from collections.abc import Sequence
from typing import Any

from partnerbus_client.connections import Answer
from partnerbus_client.errors import NoAnswer
from partnerbus_client.events import Event
from partnerbus_client.receipts import Result

_STATUSES = ("stored", "duplicate", "rejected")


def results_in(answer: Any, events: Sequence[Event]) -> list[Result]:
    """Return one result per event, in the order of the events. Raises NoAnswer if the answer does not hold them."""
    try:
        items = sorted(answer["events"], key=lambda item: item["index"])
        if [item["index"] for item in items] != list(range(len(events))):
            raise ValueError
        return [_result(item, event) for item, event in zip(items, events, strict=True)]
    except (TypeError, KeyError, ValueError):
        raise NoAnswer(
            f"The answer is no receipt for these {len(events)} events. Is the address Partnerbus's own?"
        ) from None


def _result(item: dict[str, Any], event: Event) -> Result:
    if item["status"] not in _STATUSES:
        raise ValueError(item["status"])
    return Result(event, item["status"], item["event_id"], item["code"], item["message"])


def problem_in(answer: Answer) -> dict[str, Any]:
    """Return the problem document of an answer, or what can be said where something else has answered."""
    if 300 <= answer.status < 400:
        there = answer.headers.get("Location", "elsewhere")
        return {"detail": f"The server points to {there}. Requests with a key follow nobody: correct the address."}
    try:
        problem = json.loads(answer.body)
    except (ValueError, RecursionError):
        problem = None
    if isinstance(problem, dict):
        return problem
    return {"detail": f"{answer.reason or 'No reason given'} (not by Partnerbus: something in between has answered)."}
