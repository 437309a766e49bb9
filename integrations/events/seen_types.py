"""Which event types a tenant's latest events have: what its people can choose from."""

from django.db import connection

LOOKED_AT = 2_000  # of the tenant's events, newest first: its index walks no further

SEEN = """
select distinct t.name
from (select type_id from events where tenant_id = %s order by id desc limit %s) e
join event_types t on t.id = e.type_id order by 1
"""


def seen_types(tenant_id: int) -> list[str]:
    """Return the types of the tenant's latest events, by name."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [tenant_id, LOOKED_AT])
        return [name for (name,) in cursor.fetchall()]
