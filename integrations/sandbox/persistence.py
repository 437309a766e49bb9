"""The state file: one SQLite database that survives kill -9 at any moment.

Every call that changes something commits before it is answered. Records (sources, buses, rules, queues, settings) are
fsynced; messages are not, because an fsync per publish call would cost more than the publish itself: they survive any
death of the process, but the last moments of them may go when the machine itself loses power.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

MEMORY = "memory"
LAYOUT = 1

SCHEMA = """
create table records (kind text, key text, body blob not null, primary key (kind, key)) without rowid;
create table messages (
    id integer primary key,
    queue text not null,
    message_id text not null,
    body text not null,
    attributes blob,
    sent_at real not null,
    visible_at real not null,
    receipt text,
    receives integer not null default 0,
    first_received_at real
);
create index messages_by_queue on messages (queue, visible_at, id, receives);
"""


class StateFileUnusable(Exception):
    """The state file cannot be used; the message says what to do."""


class StateFile:
    """One connection, used under the simulator's lock; a transaction begins with the first write."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._connection = self._open()
        except (sqlite3.Error, OSError) as error:
            raise StateFileUnusable(self.advice(error)) from error

    def _open(self) -> sqlite3.Connection:
        if self._path != MEMORY:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        database = ":memory:" if self._path == MEMORY else self._path
        connection = sqlite3.connect(database, timeout=1, isolation_level=None, check_same_thread=False)
        # Exclusive: a second simulator on the same file must fail at once, not share it.
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma wal_autocheckpoint = 8000")
        (layout,) = connection.execute("pragma user_version").fetchone()
        if layout == 0:
            connection.executescript(f"begin; {SCHEMA} pragma user_version = {LAYOUT}; commit;")
        elif layout != LAYOUT:
            raise sqlite3.DatabaseError(f"layout {layout} is not this version's layout {LAYOUT}")
        return connection

    def advice(self, error: Exception) -> str:
        if "locked" in str(error):
            return f"Another sandbox is using the state file {self._path}: stop it or name another SANDBOX_STATE."
        return f"The state file {self._path} cannot be used ({error}): move it away or name another SANDBOX_STATE."

    @property
    def is_changing(self) -> bool:
        return self._connection.in_transaction

    def write(self, sql: str, parameters: Iterable[Any] = (), *, fsync: bool = False) -> sqlite3.Cursor:
        self._begin(fsync)
        return self._connection.execute(sql, tuple(parameters))

    def read(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, tuple(parameters)).fetchall()

    def _begin(self, fsync: bool) -> None:
        if not self._connection.in_transaction:  # SQLite lets `synchronous` change only between transactions
            self._connection.execute(f"pragma synchronous = {'full' if fsync else 'normal'}")
            self._connection.execute("begin immediate")

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def clear(self) -> None:
        self.write("delete from records", fsync=True)
        self.write("delete from messages")

    def close(self) -> None:
        self._connection.close()


Record = TypeVar("Record", bound=msgspec.Struct)
GroupKey = tuple[str, ...]


class Collection(Generic[Record]):
    """Records of one kind, read from memory, written through to the state file.

    A key is a tuple of strings; all but its last part name the group the record is found in.
    """

    def __init__(self, file: StateFile, record_type: type[Record], key: Callable[[Record], tuple[str, ...]]) -> None:
        self._file = file
        self._type = record_type
        self._kind = record_type.__name__
        self._key = key
        self._groups: dict[GroupKey, dict[str, Record]] = defaultdict(dict)
        self.load()

    def load(self) -> None:
        """Forget what is in memory and read the state file again."""
        self._groups.clear()
        for (body,) in self._file.read("select body from records where kind = ? order by key", [self._kind]):
            try:
                self._remember(msgspec.json.decode(body, type=self._type))
            except msgspec.MsgspecError as error:
                raise StateFileUnusable(self._file.advice(error)) from error

    def get(self, *key: str) -> Record | None:
        return self.group(*key[:-1]).get(key[-1])

    def group(self, *group: str) -> Mapping[str, Record]:
        return self._groups.get(group, {})

    def __iter__(self) -> Iterator[Record]:
        for group in list(self._groups.values()):
            yield from list(group.values())

    def put(self, record: Record) -> None:
        body = msgspec.json.encode(record)
        key = msgspec.json.encode(self._key(record)).decode()
        self._file.write("insert or replace into records values (?, ?, ?)", [self._kind, key, body], fsync=True)
        self._remember(record)

    def remove(self, record: Record) -> None:
        key = self._key(record)
        stored = msgspec.json.encode(key).decode()
        self._file.write("delete from records where kind = ? and key = ?", [self._kind, stored], fsync=True)
        group = self._groups[key[:-1]]
        group.pop(key[-1], None)
        if not group:
            del self._groups[key[:-1]]

    def _remember(self, record: Record) -> None:
        key = self._key(record)
        self._groups[key[:-1]][key[-1]] = record
