"""Arrays for PostgreSQL, packed for its binary protocol.

psycopg adapts a list element by element, in Python: for a body of a hundred events that costs more than all the rest.
"""

import struct
from collections.abc import Iterable, Sequence

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = struct.Struct("!iiIii")  # dimensions, whether it has nulls, type of the elements, length, first subscript
_LENGTH = struct.Struct("!i").pack
_NULL = _LENGTH(-1)


class _Packed(bytes):
    """An array as PostgreSQL receives it."""


class Int2s(_Packed):
    """smallint[]"""


class Int4s(_Packed):
    """int[]"""


class Int8s(_Packed):
    """bigint[]"""


class Uuids(_Packed):
    """uuid[]"""


class Byteas(_Packed):
    """bytea[]"""


class Texts(_Packed):
    """text[]"""


def int2s(values: Sequence[int]) -> Int2s:
    """Pack a smallint[]."""
    return Int2s(_integers(21, "h", 2, values))


def int4s(values: Sequence[int]) -> Int4s:
    """Pack an int[]."""
    return Int4s(_integers(23, "i", 4, values))


def int8s(values: Sequence[int]) -> Int8s:
    """Pack a bigint[]."""
    return Int8s(_integers(20, "q", 8, values))


def uuids(values: Sequence[bytes | None]) -> Uuids:
    """Pack a uuid[] from the 16 bytes of each."""
    if None in values:
        return Uuids(_header(2950, values) + b"".join(map(_element, values)))
    lengths = _LENGTH(16)
    return Uuids(_header(2950, values) + (lengths + lengths.join(values) if values else b""))  # type: ignore[arg-type]


def byteas(values: Sequence[bytes | None]) -> Byteas:
    """Pack a bytea[]."""
    return Byteas(_header(17, values) + b"".join(map(_element, values)))


def texts(values: Sequence[str | None]) -> Texts:
    """Pack a text[]. A NUL character is PostgreSQL's to refuse."""
    return Texts(_header(25, values) + b"".join([_NULL if v is None else _element(v.encode()) for v in values]))


def _integers(oid: int, code: str, size: int, values: Sequence[int]) -> bytes:
    flat: list[int] = [size] * (2 * len(values))
    flat[1::2] = values
    return _header(oid, values) + struct.pack("!" + f"i{code}" * len(values), *flat)


def _header(oid: int, values: Sequence[object]) -> bytes:
    if not values:
        return _HEADER.pack(0, 0, oid, 0, 0)[:12]
    return _HEADER.pack(1, None in values, oid, len(values), 1)


def _element(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH(len(value)) + value


def _dumper(array_oid: int) -> type[Dumper]:
    class PackedDumper(Dumper):
        oid = array_oid
        format = Format.BINARY

        def dump(self, obj: _Packed) -> bytes:
            return obj

    return PackedDumper


def register() -> None:
    """Teach psycopg these types: before the first connection, which copies what is known."""
    oids: Iterable[tuple[type[_Packed], int]] = (
        (Int2s, 1005),
        (Int4s, 1007),
        (Int8s, 1016),
        (Uuids, 2951),
        (Byteas, 1001),
        (Texts, 1009),
    )
    for kind, oid in oids:
        psycopg.adapters.register_dumper(kind, _dumper(oid))
