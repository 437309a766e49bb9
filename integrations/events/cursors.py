"""Cursors of the hot path."""

from typing import Any

import psycopg
from psycopg.pq import Format


def binary_cursor(connection: psycopg.Connection) -> psycopg.Cursor[Any]:
    """Return a cursor that binds on the server and speaks binary.

    Django's own cursors bind on the client: they write bytea as hex text and have every statement planned anew.
    """
    cursor = psycopg.Cursor(connection)
    cursor.format = Format.BINARY
    return cursor
