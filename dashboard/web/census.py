"""How many sources stand in each state, without loading them."""

from collections import Counter
from datetime import UTC, datetime

from django.db.models import Count, Q, QuerySet

from integrations.sources.models import Source
from integrations.sources.states import shown_state

SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
FIELDS = ("desired", "observed", "ended", "failure_final")


def census_of(sources: QuerySet[Source]) -> Counter[str]:
    """Return the number of sources by shown state: one query over the sources, which are counted in thousands.

    Sources are grouped by what the state is derived from, and the one function that derives it is asked for each group.
    A reserve is no source and is left out.
    """
    groups = (
        sources.filter(account__isnull=False)
        .order_by()
        .values(*FIELDS, provisioned=Q(provisioned_at__isnull=False))
        .annotate(number=Count("pk"))
    )
    census: Counter[str] = Counter()
    for group in groups:
        example = Source(**{field: group[field] for field in FIELDS})
        example.provisioned_at = SOME_TIME if group["provisioned"] else None
        census[shown_state(example).value] += group["number"]
    return census
