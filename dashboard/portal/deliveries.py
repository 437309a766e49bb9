"""A tenant's own deliveries: the question that a list's filters ask, and the filter of a replay of the same."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.web import filters, looks
from dashboard.web.filters import Asked, Filters, Sort
from integrations.events.candidates import Question
from integrations.events.delivery_filter import ACCEPTED, DEAD, DeliveryFilter
from integrations.events.models import EventType
from integrations.registration.models import Environment
from integrations.sources.models import Source
from integrations.sources.queries import sources_of_tenant
from tenants.models import Tenant

NO_TYPE = -1
REPLAYABLE = (ACCEPTED, DEAD)


def filters_for(sources: Sequence[tuple[str, str]], types: Sequence[tuple[str, str]]) -> Filters:
    """Return what the list of deliveries can be asked."""
    return Filters(
        filters=(
            filters.search(_("An id: of the event, yours, or AWS's")),
            filters.choice(
                "state", _("State"), [(state, _(look.word)) for state, look in looks.EVENT.items()], _("Any state")
            ),
            filters.choice("type", _("Type"), [(name, name) for name, about in types], _("Any type")),
            filters.choice("source", _("Connection"), sources, _("All connections")),
            filters.day("since", _("From")),
            filters.day("until", _("To")),
        ),
        sorts=(Sort("stored", ("-id",)),),
    )


def sources_to_choose(tenant: Tenant) -> list[tuple[str, str]]:
    """Return the tenant's sources as options."""
    rows = sources_of_tenant(tenant).values_list("public_id", F("region"), F("label"))
    return [(str(public_id), f"{region}, {label}") for public_id, region, label in rows]


def question_of(tenant: Tenant, asked: Asked) -> Question:
    """Return the question of these filters: whatever they say, of this tenant's events alone."""
    wanted = asked.value("type")
    return Question(
        tenant_ids=(tenant.pk,),
        source=source_of(tenant, asked.value("source")),
        type_id=(EventType.objects.filter(name=wanted).values_list("pk", flat=True).first() or NO_TYPE)
        if wanted
        else None,
        state=asked.value("state") or None,
        since=asked.start_of("since"),
        until=asked.end_of("until"),
    )


def replay_filter(tenant: Tenant, environment: Environment, asked: Asked) -> DeliveryFilter:
    """Return what a replay of these filters sends again: what ended, in the state that is asked for or in any."""
    state = asked.value("state")
    return DeliveryFilter(
        environment=environment,
        tenant=tenant,
        source=source_of(tenant, asked.value("source")),
        type=asked.value("type"),
        states=(state,) if state in REPLAYABLE else REPLAYABLE,
        received_from=asked.start_of("since"),
        received_until=asked.end_of("until"),
    )


def source_of(tenant: Tenant, public_id: str) -> Source | None:
    """Return a source of this tenant, None for none; raises Http404 for anybody else's."""
    if not public_id:
        return None
    try:
        found = sources_of_tenant(tenant).filter(public_id=UUID(public_id)).first()
    except ValueError:
        raise Http404 from None
    if found is None:
        raise Http404
    return found
