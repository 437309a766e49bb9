"""What Partnerbus answered, event by event."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from partnerbus_client.errors import PartnerbusError
from partnerbus_client.events import Event

Status = Literal["stored", "duplicate", "rejected"]


@dataclass(frozen=True)
class Result:
    """What became of one event. `event_id` is Partnerbus's own id, None if it was rejected.

    `code` and `message` say why it was rejected, or that a duplicate had other content (`id_reused`).
    """

    event: Event
    status: Status
    event_id: str | None = None
    code: str | None = None
    message: str | None = None

    @property
    def ok(self) -> bool:
        """Whether Partnerbus has this very event: stored now, or before with the same content."""
        return self.status != "rejected" and self.code != "id_reused"


class EventRejected(PartnerbusError):
    """Partnerbus does not take this event as it is; `result` says why, `code` and `message` are its own."""

    def __init__(self, result: Result) -> None:
        super().__init__(f"Event {result.event.id} was not taken, {result.code}: {result.message}")
        self.result = result
        self.code = result.code
        self.message = result.message


@dataclass(frozen=True)
class Receipt:
    """The results of all events that were sent, in their order."""

    results: tuple[Result, ...]

    @property
    def stored(self) -> int:
        """How many were stored now."""
        return self._count("stored")

    @property
    def duplicates(self) -> int:
        """How many Partnerbus had already."""
        return self._count("duplicate")

    @property
    def rejected(self) -> int:
        """How many were rejected and will not be taken as they are."""
        return self._count("rejected")

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that are not `ok`: rejected, or an id that was used for another event."""
        return tuple(result for result in self.results if not result.ok)

    def raise_for_failures(self) -> None:
        """Raise EventRejected for the first failure, if there is one."""
        for result in self.failures:
            raise EventRejected(result)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def _count(self, status: Status) -> int:
        return sum(result.status == status for result in self.results)
