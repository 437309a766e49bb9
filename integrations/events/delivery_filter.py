"""Filters of deliveries: which of an environment's a replay sends again, or a discard gives up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.models import Source
from integrations.sources.queries import sources_of_environment
from tenants.access import tenant_in
from tenants.models import Tenant

ACCEPTED, DEAD, DOUBTFUL = "accepted", "dead", "doubtful"
STATES = (ACCEPTED, DEAD, DOUBTFUL)
MAX_EVENTS = 1_000
LONGEST_TYPE, LONGEST_CODE = 128, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Deliveries of one environment to which everything given here applies.

    `doubtful`: accepted, but never at a time when AWS was known to have the source ACTIVE, so perhaps dropped by AWS.
    `received_from` and `received_until` (exclusive) are moments of the event's receipt. `code` is the reason of a dead
    letter; of an accepted delivery, the code of any of its attempts. Sources that were withdrawn count only on request:
    nothing can be sent to them.
    """

    environment: Environment
    tenant: Tenant | None = None
    source: Source | None = None
    events: Sequence[UUID] | None = None
    type: str = ""
    states: Sequence[str] = field(default=(ACCEPTED, DEAD))
    received_from: datetime | None = None
    received_until: datetime | None = None
    code: str = ""
    of_withdrawn_sources: bool = False

    def check(self, *, everything: bool) -> None:
        """Raise Problem for a filter of strangers, of nothing, or of everything unless that was said.

        States alone restrict nothing: all dead letters of an environment are everything, too.
        """
        self._check_wall()
        unknown = set(self.states) - set(STATES)
        if unknown or not self.states:
            raise Problem(422, "states_unknown", f"States are some of {', '.join(STATES)}; give at least one.")
        if len(self.type) > LONGEST_TYPE or len(self.code) > LONGEST_CODE:
            raise Problem(422, "filter_invalid", f"A type has up to {LONGEST_TYPE} characters, a code {LONGEST_CODE}.")
        if self.events is not None and not 1 <= len(self.events) <= MAX_EVENTS:
            raise Problem(422, "events_count_invalid", f"Name 1 to {MAX_EVENTS} events, or filter by something else.")
        if self.received_from and self.received_until and self.received_from >= self.received_until:
            raise Problem(422, "period_empty", "The period ends before it begins. 'from' has to be earlier than 'to'.")
        if not everything and not self._restricts():
            raise Problem(
                422,
                "filter_empty",
                "This filter takes every delivery of the environment. Restrict it by tenant, source, type, time, code "
                "or events, or say so, with 'all' in the API and --all in a command.",
            )

    def _check_wall(self) -> None:
        if self.tenant is not None and self.tenant.directory_id != self.environment.directory_id:
            raise Problem(404, "tenant_unknown", "This environment has no such tenant.")
        if self.source is not None and (
            self.source.environment_id != self.environment.pk
            or (self.tenant is not None and self.source.tenant_id != self.tenant.pk)
        ):
            raise Problem(404, "source_unknown", "This environment, or this tenant, has no such source.")

    def _restricts(self) -> bool:
        given = (self.tenant, self.source, self.events, self.received_from, self.received_until)
        return any(part is not None for part in given) or bool(self.type or self.code)

    def described(self) -> dict[str, object]:
        """Return what was asked for, JSON-ready, for the audit log."""
        told = {
            "tenant": self.tenant and self.tenant.external_id,
            "source": self.source and str(self.source.public_id),
            "events": None if self.events is None else [str(event) for event in self.events],
            "type": self.type,
            "states": list(self.states),
            "from": self.received_from and self.received_from.isoformat(),
            "to": self.received_until and self.received_until.isoformat(),
            "code": self.code,
        }
        return {name: value for name, value in told.items() if value}


def filter_named(
    environment: Environment, *, tenant: str | None = None, source: UUID | None = None, **fields: Any
) -> DeliveryFilter:
    """Return a filter from the names by which the outside knows a tenant and a source. Raises Problem 404."""
    try:
        return DeliveryFilter(
            environment=environment,
            tenant=None if tenant is None else tenant_in(environment.directory, tenant),
            source=None if source is None else sources_of_environment(environment).get(public_id=source),
            **fields,
        )
    except Tenant.DoesNotExist:
        raise Problem(404, "tenant_unknown", "This environment has no such tenant.") from None
    except Source.DoesNotExist:
        raise Problem(404, "source_unknown", "This environment, or this tenant, has no such source.") from None
