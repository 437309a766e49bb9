"""Lists of tenants with how many sources each has."""

from dataclasses import dataclass

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from integrations.sources.models import Desired, Source
from tenants.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuestion:
    """Which tenants are asked for: those to which all that is given applies.

    `words`: the beginning of a name, or the SaaS's own id. `has`: `sources`, `none` (no source), or `closed` tenants;
    empty for all open ones.
    """

    words: str = ""
    environment: str = ""
    has: str = ""


def tenants_asked(question: TenantQuestion) -> QuerySet[Tenant]:
    """Return the tenants of a question with `source_count`, and the environment each belongs to."""
    sources = Source.objects.filter(tenant=OuterRef("pk"), account__isnull=False).exclude(desired=Desired.ABSENT)
    condition = Q(closed_at__isnull=question.has != "closed")
    if question.words:
        condition &= Q(name__istartswith=question.words) | Q(external_id=question.words)
    if question.environment:
        condition &= Q(directory__environment__public_id=question.environment)
    if question.has in ("sources", "none"):
        condition &= Q(Exists(sources)) if question.has == "sources" else ~Q(Exists(sources))
    counted = sources.order_by().values("tenant").annotate(number=Count("pk")).values("number")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    found = Tenant.objects.filter(condition).annotate(source_count=number)
    return found.select_related("directory__environment__integration")
