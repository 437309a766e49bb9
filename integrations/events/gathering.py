"""Small posts that come at once are stored as one: one look at the tenants, one statement and one commit for all.

Nobody waits for company. A post that finds nobody storing is stored at once; what comes meanwhile is stored together
after it, by the thread of the first of them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock

import psycopg
from msgspec.structs import replace

from integrations.events.ingest import Result, store_events
from integrations.registration.models import Environment

MOST_EVENTS = 20  # of a small post; larger ones share their statement with nobody and wait for nobody
MOST_BYTES = 128 * 1024

Store = Callable[[psycopg.Connection, Environment, Sequence[bytes], datetime], list[Result]]


class Post:
    """What one request posted, and what became of it. `turn` is free once it was stored, or may store for others."""

    def __init__(self, environment: Environment, events: Sequence[bytes]) -> None:
        self.environment = environment
        self.events = events
        self.results: list[Result] | None = None
        self.error: BaseException | None = None
        self.turn = Lock()
        self.turn.acquire()

    @property
    def is_done(self) -> bool:
        return self.results is not None or self.error is not None

    def outcome(self) -> list[Result]:
        """Return the results, or raise what prevented them."""
        if self.error is not None:
            raise self.error
        assert self.results is not None
        return self.results


class Gathering:
    """The small posts of one process: one group of them is stored at a time."""

    def __init__(self, store: Store = store_events) -> None:
        self._store = store
        self._lock = Lock()
        self._is_storing = False
        self._waiting: list[Post] = []

    def store(
        self, connection: psycopg.Connection, environment: Environment, events: Sequence[bytes], now: datetime
    ) -> list[Result]:
        """Store as `ingest.store_events` does, a small post together with others of its environment."""
        if len(events) > MOST_EVENTS or sum(map(len, events)) > MOST_BYTES:
            return self._store(connection, environment, events, now)
        post = Post(environment, events)
        if not self._may_begin(post):
            post.turn.acquire()
        if not post.is_done:
            self._lead(connection, post, now)
        return post.outcome()

    def _may_begin(self, post: Post) -> bool:
        with self._lock:
            if self._is_storing:
                self._waiting.append(post)
                return False
            self._is_storing = True
            return True

    def _lead(self, connection: psycopg.Connection, first: Post, now: datetime) -> None:
        """Store what waits, beginning with `first`, and let the next group begin whatever happens."""
        with self._lock:
            others = [post for post in self._waiting if post.environment.pk == first.environment.pk]
            self._waiting = [post for post in self._waiting if post.environment.pk != first.environment.pk]
        try:
            self._store_group(connection, [first, *others], now)
        finally:
            self._hand_on()
            for post in others:
                post.turn.release()

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.pop(0).turn.release()
            else:
                self._is_storing = False

    def _store_group(self, connection: psycopg.Connection, posts: list[Post], now: datetime) -> None:
        """Give each post its results. What fails for another reason than the database may be one post's own fault."""
        try:
            results = self._store(connection, posts[0].environment, [e for post in posts for e in post.events], now)
        except Exception as error:
            if len(posts) > 1 and not isinstance(error, psycopg.OperationalError):
                for post in posts:
                    self._store_group(connection, [post], now)
                return
            _fail(posts, error)
        except BaseException as error:
            _fail(posts, error)
            raise
        else:
            _deal(posts, results)


def _deal(posts: list[Post], results: list[Result]) -> None:
    begin = 0
    for post in posts:
        of_post = results[begin : begin + len(post.events)]
        post.results = [replace(result, index=result.index - begin) for result in of_post] if begin else of_post
        begin += len(post.events)


def _fail(posts: list[Post], error: BaseException) -> None:
    for post in posts:
        post.error = error


gathering = Gathering()
