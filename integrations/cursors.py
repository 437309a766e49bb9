"""The hot path's way to the database: prepared statements and PostgreSQL's binary protocol."""

from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import Format


def raw_connection() -> psycopg.Connection[Any]:
    """Return psycopg's connection behind Django's of this thread, opened where it is not."""
    connection.ensure_connection()
    raw = connection.connection
    assert isinstance(raw, psycopg.Connection)
    return raw


def binary_cursor(raw: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
    """Return a cursor that binds on the server and speaks binary.

    Django's own cursors bind on the client: they write bytea as hex text and have every statement planned anew.
    """
    cursor = psycopg.Cursor(raw)
    cursor.format = Format.BINARY
    return cursor
