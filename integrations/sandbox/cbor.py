"""CBOR (RFC 8949) as far as AWS's newest protocol needs it: JSON's values, bytes, and moments under tag 1.

Written here because botocore keeps its own inside private classes, each of them bound to one direction of a client.
"""

import struct
from datetime import UTC, datetime
from typing import Any

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
SIMPLES = {20: False, 21: True, 22: None, 23: None}
FLOATS = {25: ">e", 26: ">f", 27: ">d"}
INDEFINITE, BREAK, EPOCH, DEEPEST = 31, b"\xff", 1, 100


class NotCbor(ValueError):
    """The bytes are no CBOR document, or one that AWS's protocol does not use."""


def encode(value: Any) -> bytes:
    """Write a value. Raises TypeError for a type that has no place in an answer."""
    match value:
        case bool() | None:
            return bytes([SIMPLE << 5 | {False: 20, True: 21, None: 22}[value]])
        case int():
            return _head(UNSIGNED, value) if value >= 0 else _head(NEGATIVE, -1 - value)
        case float():
            return struct.pack(">Bd", SIMPLE << 5 | 27, value)
        case datetime():
            return _head(TAG, EPOCH) + encode(round(value.timestamp(), 3))
        case bytes():
            return _head(BYTES, len(value)) + value
        case str():
            return _head(TEXT, len(value.encode())) + value.encode()
        case list():
            return _head(ARRAY, len(value)) + b"".join(map(encode, value))
        case dict():
            return _head(MAP, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    raise TypeError(f"{type(value).__name__} cannot be written as CBOR")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, form in ((24, ">BB"), (25, ">BH"), (26, ">BI"), (27, ">BQ")):
        if argument < 1 << 8 * struct.calcsize(form[0] + form[2]):
            return struct.pack(form, major << 5 | info, argument)
    raise TypeError("CBOR has no integer of more than 64 bits")


def decode(body: bytes) -> Any:
    """Read the one value in the body. Raises NotCbor."""
    reader = _Reader(body)
    try:
        value = reader.value(0)
    except (IndexError, struct.error, UnicodeDecodeError, TypeError, OverflowError, OSError) as error:
        raise NotCbor(f"{type(error).__name__} at byte {reader.at}") from None
    if reader.at != len(body):
        raise NotCbor(f"{len(body) - reader.at} bytes too many")
    return value


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def take(self, length: int) -> bytes:
        if length > len(self.body) - self.at:
            raise NotCbor("it ends too early")
        self.at += length
        return self.body[self.at - length : self.at]

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise NotCbor("it nests too deeply")
        (initial,) = self.take(1)
        major, info = initial >> 5, initial & 31
        if major == SIMPLE:
            return self.simple(info)
        argument = None if info == INDEFINITE else self.argument(info)
        if major in (BYTES, TEXT):
            return self.string(major, argument, depth)
        if major == ARRAY:
            return list(self.items(argument, depth))
        if major == MAP:
            return {key: self.value(depth + 1) for key in self.items(argument, depth)}
        if argument is None:
            raise NotCbor("a length is missing")
        if major == TAG:
            return self.tagged(argument, depth)
        return argument if major == UNSIGNED else -1 - argument

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise NotCbor("a length is malformed")
        return int.from_bytes(self.take(1 << info - 24), "big")

    def simple(self, info: int) -> Any:
        if info in FLOATS:
            (number,) = struct.unpack(FLOATS[info], self.take(struct.calcsize(FLOATS[info])))
            return number
        if info not in SIMPLES:
            raise NotCbor("a simple value is unknown")
        return SIMPLES[info]

    def items(self, length: int | None, depth: int) -> Any:
        """Yield the values of an array, or the keys of a map, whose values the taker reads in between."""
        left = length
        while left != 0:
            if left is None and self.body[self.at : self.at + 1] == BREAK:
                self.at += 1
                return
            left = None if left is None else left - 1
            yield self.value(depth + 1)

    def string(self, major: int, length: int | None, depth: int) -> bytes | str:
        if length is None:
            parts = list(self.items(None, depth))
            joined: bytes | str = b"".join(parts) if major == BYTES else "".join(parts)
            return joined
        taken = self.take(length)
        return taken if major == BYTES else taken.decode()

    def tagged(self, tag: int, depth: int) -> Any:
        value = self.value(depth + 1)
        return datetime.fromtimestamp(value, UTC) if tag == EPOCH else value
