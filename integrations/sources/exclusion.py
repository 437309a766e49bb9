"""Exclusion: one sweep at a time in the whole installation, so that slow answers of AWS cannot fill every worker."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings

from integrations.locks import SWEEP_LOCK


@contextmanager
def only_sweep() -> Iterator[bool]:
    """Yield whether this is the only sweep until the end of the block. A killed sweep's session frees the lock."""
    # A session of its own, past any pooler: a session lock taken through one would stay behind in a shared session.
    with psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True, connect_timeout=5) as session:
        yield session.execute("select pg_try_advisory_lock(%s, 0)", [SWEEP_LOCK]).fetchone() == (True,)
