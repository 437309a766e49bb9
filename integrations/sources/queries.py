"""The doors to sources. A reserve is behind none of them: it is a queue and not an offer to anybody."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from integrations.registration.models import Environment
from integrations.sources.models import Desired, Source
from tenants.access import tenants_of
from tenants.models import Tenant, User

MOST_NAMED = 5
Load = Callable[[QuerySet[Source]], QuerySet[Source]]


def sources_of_environment(environment: Environment) -> QuerySet[Source]:
    """Return the environment's sources, oldest first."""
    return _offers().filter(environment=environment)


def sources_of_tenant(tenant: Tenant) -> QuerySet[Source]:
    """Return the tenant's sources, oldest first."""
    return _offers().filter(tenant=tenant)


def sources_of(user: User) -> QuerySet[Source]:
    """Return the sources of the tenants that a person may see, oldest first."""
    return _offers().filter(tenant__in=tenants_of(user))


def source_for(user: User, public_id: str, loaded: Load | None = None) -> Source:
    """Return a source that this person may see, with what `loaded` adds to the query, or raise Http404."""
    sources = sources_of(user)
    try:
        return (loaded(sources) if loaded else sources).get(public_id=UUID(public_id))
    except (Source.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def other_tenants_with(account: str, tenant: Tenant) -> list[Tenant]:
    """Return other tenants of the environment whose events go to this AWS account: a mistyped number shows here.

    For the provider's own eyes: one tenant is told nothing of another.
    """
    sources = Source.objects.filter(account=account, tenant__directory=tenant.directory_id)
    found = sources.exclude(desired=Desired.ABSENT).exclude(tenant=tenant).values("tenant")
    return list(Tenant.objects.filter(pk__in=found).order_by("pk")[:MOST_NAMED])


def _offers() -> QuerySet[Source]:
    return Source.objects.filter(account__isnull=False).select_related("environment", "tenant").order_by("pk")
