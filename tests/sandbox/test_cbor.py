"""CBOR, against botocore's own reader and writer."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser

from integrations.sandbox.cbor import NotCbor, decode, encode

VALUES: list[Any] = [
    *(0, 1, 23, 24, 255, 256, 65_535, 65_536, 2**32, 2**64 - 1, -1, -24, -25, -(2**32), -(2**64)),
    *(True, False, None, 1.5, "", "häß", "x" * 300, b"bytes", [], [1, [2]], {}, {"a": {"b": [None]}}),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_value_comes_back(value: Any) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_botocore_reads_what_we_write(value: Any) -> None:
    parser = RpcV2CBORParser()
    assert parser.parse_data_item(parser.get_peekable_stream_from_bytes(encode(value))) == value


def test_a_moment_is_written_as_botocore_reads_it() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC)
    parser = RpcV2CBORParser()
    read = parser.parse_data_item(parser.get_peekable_stream_from_bytes(encode(moment)))
    assert (read, decode(encode(moment))) == (moment, moment)


def test_strings_and_lists_of_indefinite_length_are_read() -> None:
    assert decode(b"\x7f\x61a\x61b\xff") == "ab"
    assert decode(b"\x9f\x01\x02\xff") == [1, 2]
    assert decode(b"\xbf\x61a\x01\xff") == {"a": 1}


@pytest.mark.parametrize(
    "body", [b"", b"\x61", b"\x01\x01", b"\x1f", b"\xf8", b"\xa1\x80\x01", b"\x81" * 200, b"\x9b" + b"\xff" * 8]
)
def test_what_is_no_cbor_is_refused(body: bytes) -> None:
    with pytest.raises(NotCbor):
        decode(body)
