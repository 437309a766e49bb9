"""What the tests of the publisher share: events to post, and where deliveries stand."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from integrations.sources.models import Source
from tests.events.conftest import Stored, rows

Store = Callable[..., list[Stored]]
MakeSource = Callable[..., Source]


def event(n: int = 1, **fields: Any) -> dict[str, Any]:
    return {"tenant": "alder", "type": "order.created", "detail": {"n": n}} | fields


def events(count: int) -> list[dict[str, Any]]:
    return [event(n) for n in range(count)]


def queued() -> dict[str, int]:
    return {
        table: count
        for table in ("pending", "retry", "dead", "settled")
        if (count := rows(f"select count(*) from {table}")[0][0])
    }


def codes() -> Counter[str]:
    return Counter(
        dict(rows("select c.code, count(*) from attempts a join outcome_codes c on c.id = a.code group by 1"))
    )


def make_retries_due() -> None:
    rows("update retry set due_at = now() - interval '1 second' returning 1")
