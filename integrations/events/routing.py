"""Where an event goes: the sources of its tenant that select its type and content."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec
import psycopg

from integrations.arrays import texts
from integrations.cursors import binary_cursor
from integrations.events.parsing import PostedEvent
from integrations.events.wire import read_tail
from integrations.patterns import EventPattern, compile_pattern

LONGEST_INTEGER = 4_000  # digits; Python refuses to convert much longer ones


@dataclass(frozen=True, slots=True)
class Route:
    """A source and what it selects; `types` and `pattern` of None select everything. A reserve has no name."""

    source_id: int
    name: str = ""
    account: str = ""
    region: str = ""
    types: frozenset[str] | None = None
    pattern: EventPattern | None = None

    @property
    def selects_all(self) -> bool:
        return self.types is None and self.pattern is None

    def selects(self, event: PostedEvent) -> bool:
        """Return whether the source wants this event."""
        if self.types is not None and event.type not in self.types:
            return False
        return self.pattern is None or self.pattern.matches(self._envelope(event))

    def selects_stored(self, tail: bytes) -> bool:
        """Return whether the source wants an event that is stored as this tail."""
        stored = read_tail(tail)
        return self.selects(
            PostedEvent(
                tenant="",
                type=stored.type,
                detail=stored.detail.encode(),
                id=None,
                time=stored.time,
                resources=stored.resources,
            )
        )

    def _envelope(self, event: PostedEvent) -> dict[str, Any]:
        """Return what the tenant's rules will see (EventBridge's envelope), as far as it is known before sending."""
        return {
            "version": "0",
            "detail-type": event.type,
            "source": self.name,
            "account": self.account,
            "region": self.region,
            "resources": event.resources,
            "detail": read_detail(event.detail),
        }


def read_detail(detail: bytes) -> Any:
    """Return a stored detail as Python values. Legal JSON has numbers that no decoder holds: they become infinite."""
    try:
        return msgspec.json.decode(detail)
    except msgspec.MsgspecError:
        return json.loads(detail, parse_int=_integer)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


@dataclass(slots=True)
class TenantRoutes:
    """A tenant and its routes; none means that its events wait in its reserve, which has yet to be made."""

    tenant_id: int
    routes: list[Route] = field(default_factory=list)


ROUTES_OF_TENANTS = """
select t.external_id, t.id, s.id, s.name, s.account, s.region, s.event_types, s.pattern::text
from tenants_tenant t left join sources_source s on s.tenant_id = t.id and s.desired <> 'absent'
where t.directory_id = %s and t.external_id = any(%s) and t.closed_at is null
"""

ROUTES_OF_SOURCES = """
select s.id, s.name, s.account, s.region, s.event_types, s.pattern::text from sources_source s where s.id = any(%s)
"""


def routes_of_tenants(
    connection: psycopg.Connection, directory_id: int, external_ids: Iterable[str]
) -> dict[str, TenantRoutes]:
    """Return the routes of the tenants that this directory knows, by the SaaS's own id."""
    found: dict[str, TenantRoutes] = {}
    with binary_cursor(connection) as cursor:
        cursor.execute(ROUTES_OF_TENANTS, [directory_id, texts(list(external_ids))], prepare=True)
        for external_id, tenant_id, *source in cursor:
            tenant = found.setdefault(external_id, TenantRoutes(tenant_id))
            if source[0] is not None:
                tenant.routes.append(_route(*source))
    return found


def routes_of_sources(connection: psycopg.Connection, source_ids: list[int]) -> dict[int, Route]:
    """Return the routes of these sources by id."""
    return {row[0]: _route(*row) for row in connection.execute(ROUTES_OF_SOURCES, [source_ids])}


def _route(
    source_id: int, name: str, account: str | None, region: str, types: list[str] | None, pattern: str | None
) -> Route:
    return Route(
        source_id,
        name,
        account or "",
        region,
        None if types is None else frozenset(types),
        None if pattern is None else _compiled(pattern),
    )


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> EventPattern:
    return compile_pattern(json.loads(pattern))
