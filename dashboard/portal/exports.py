"""A tenant's running downloads: few at a time, because each keeps a thread of the web busy until its last row."""

from collections.abc import Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from integrations.locks import EXPORT_LOCK
from integrations.problems import Problem
from tenants.models import Tenant

AT_ONCE = 2


def send_alone(tenant: Tenant, response: StreamingHttpResponse) -> StreamingHttpResponse:
    """Return the file, counted as running until its last row or until nobody reads it any more.

    Raises Problem 429 `too_many_exports`.
    """
    # A session of its own, past any pooler: it counts over all processes, and a killed one frees its place.
    session = psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True, connect_timeout=5)
    if not any(_take(session, tenant.pk * AT_ONCE + place) for place in range(AT_ONCE)):
        session.close()
        raise Problem(
            429, "too_many_exports", _("Two files are being downloaded already. Wait until one of them is complete.")
        )
    response.streaming_content = _Counted(response.streaming_content, session)
    return response


def _take(session: psycopg.Connection, place: int) -> bool:
    return session.execute("select pg_try_advisory_lock(%s, %s)", [EXPORT_LOCK, place]).fetchone() == (True,)


class _Counted:
    """What is sent, and the session that counts it, which ends with it."""

    def __init__(self, content: Any, session: psycopg.Connection) -> None:
        self._content, self._session = content, session

    def __iter__(self) -> Iterator[bytes]:
        yield from self._content
        self.close()

    def close(self) -> None:
        self._session.close()
