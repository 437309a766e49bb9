"""Proofs about event types: what is catalogued, and what is really posted."""

from django.db import connection

from integrations.events.trial import TEST_TYPE
from integrations.onboarding.event_catalogue import MOST_TYPES
from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds
from integrations.onboarding.run_events import VALIDATION_TYPE

OURS = {TEST_TYPE, VALIDATION_TYPE}  # what this product sends to try things out, on tenants of the provider's own

# The newest events of an environment's tenants; a type that is rarer than one in five thousand may be overlooked.
POSTED = """
select distinct t.name from (
  select e.type_id from tenants_tenant n cross join lateral (
    select type_id from events where tenant_id = n.id order by id desc limit 200) e
  where n.directory_id = %s limit 5000) x join event_types t on t.id = x.type_id
"""


def types_few(facts: Facts) -> Finding:
    """At most 15 types are catalogued, and nothing else is posted."""
    catalogued = set(facts.integration.catalogued_types.values_list("name", flat=True))
    if not catalogued:
        return fails("Write down the event types that you publish: 1 to 15.")
    if len(catalogued) > MOST_TYPES:
        return fails(f"{len(catalogued)} event types are catalogued; AWS takes at most {MOST_TYPES}.")
    if strangers := _posted(facts) - catalogued:
        named = ", ".join(sorted(strangers)[:3])
        return fails(f"Events are posted with types that are not in the catalogue: {named}. Add them, or stop them.")
    return holds(f"{len(catalogued)} of at most {MOST_TYPES} event types.", types=sorted(catalogued))


def _posted(facts: Facts) -> set[str]:
    if facts.test is None:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(POSTED, [facts.test.directory_id])
        return {name for (name,) in cursor.fetchall()} - OURS


PROOFS = {"types-few": types_few}
