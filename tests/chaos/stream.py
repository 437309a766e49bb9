"""The stream: real events for all tenants, posted steadily, again and again until they are promised."""

from collections.abc import Sequence
from dataclasses import replace

from tests.chaos.background import Background
from tests.smoke.books import Books
from tests.smoke.posting import Poster
from tests.smoke.reading import Event

PORTION = 40
AGAIN_EVERY = 8  # portions; then a few events are posted once more, which has to be recognised
AGAIN = 5


class Stream(Background):
    """Posts `per_second` events, or as many as are answered."""

    def __init__(
        self, poster: Poster, books: Books, events: Sequence[Event], tenants: Sequence[str], per_second: float
    ) -> None:
        super().__init__()
        self.posted = 0
        self._poster, self._books = poster, books
        self._events, self._tenants = events, tenants
        self._pause = PORTION / per_second

    def work(self) -> None:
        portions = 0
        while not self.ended.wait(self._pause):
            portion = self._next_portion()
            self._books.expect(portion)
            self._poster.post(portion)
            self.posted += len(portion)
            portions += 1
            if portions % AGAIN_EVERY == 0:
                self._poster.post_again(portion[:AGAIN])

    def _next_portion(self) -> list[Event]:
        return [self._numbered(number) for number in range(self.posted, self.posted + PORTION)]

    def _numbered(self, number: int) -> Event:
        # A step without a common divisor with the number of events would give each tenant few kinds of them.
        tenant = self._tenants[number % len(self._tenants)]
        event = self._events[(number + number // len(self._tenants)) % len(self._events)]
        return replace(event, id=f"chaos-{number}", tenant=tenant)
