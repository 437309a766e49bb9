"""Row locks: whoever changes what we want of a source takes its tenant's row first and then its own."""

from integrations.problems import Problem
from integrations.sources.models import Desired, Source
from integrations.sources.reserve import lock_tenant


def lock_source(source: Source) -> Source:
    """Return the source as it is now, with tenant and environment, locked until the transaction ends."""
    return (
        Source.objects.select_for_update(no_key=True, of=("self",))
        .select_related("environment", "tenant")
        .get(pk=source.pk)
    )


def lock_with_tenant(source: Source) -> Source:
    """Lock the tenant, so that no source of it is made meanwhile, and the source. Raises Problem `tenant_closed`."""
    if lock_tenant(source.tenant_id).closed_at is not None:
        raise Problem(409, "tenant_closed", "This tenant is closed; put it again to get a new one.")
    return lock_source(source)


def refuse_deleted(source: Source) -> None:
    """Raise Problem `source_deleted` when nobody wants the source any more."""
    if source.desired == Desired.ABSENT:
        raise Problem(
            409, "source_deleted", "This source was deleted. Provision it again first, or offer another source."
        )
