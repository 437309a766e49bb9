"""How many sources stand in each state, without loading them."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from integrations.sources.models import Source
from integrations.sources.states import shown_state

SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
FIELDS = ("desired", "observed", "ended", "failure_final")
MOMENTS = ("provisioned_at", "suspect_since", "opens_at")


def census_of(
    sources: QuerySet[Source], state_of: Callable[[Source], str] = shown_state, *annotations: str
) -> Counter[str]:
    """Return the number of sources by state: one query over the sources, which are counted in thousands.

    Sources are grouped by what the state is derived from, which are these fields, moments and the named annotations,
    and the one function that derives it is asked for each group. A reserve is no source and is left out.
    """
    passed = {f"has_{moment}": Q(**{f"{moment}__isnull": False}) for moment in MOMENTS}
    groups = (
        sources.filter(account__isnull=False)
        .order_by()
        .values(*FIELDS, *annotations, **passed)
        .annotate(number=Count("pk"))
    )
    census: Counter[str] = Counter()
    for group in groups:
        census[str(state_of(_example(group, annotations)))] += group["number"]
    return census


def _example(group: dict[str, Any], annotations: tuple[str, ...]) -> Source:
    moments = {moment: SOME_TIME if group[f"has_{moment}"] else None for moment in MOMENTS}
    example = Source(account="0" * 12, **{field: group[field] for field in FIELDS}, **moments)
    for name in annotations:
        setattr(example, name, group[name])
    return example
