"""Where a source stands for somebody who looks at a page: the API's words, and three that tell of the moment."""

from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When

from integrations.sources.models import Observed, Source, SourceChange
from integrations.sources.states import ShownState, shown_state

RESERVE, OPENING, CHECKING, DETACHED = "reserve", "opening", "checking", "detached"


def with_former_word(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Add what AWS said of each PENDING source before, as `former_word`: the others are many, and nobody asks."""
    changes = SourceChange.objects.filter(source=OuterRef("pk"), field="observed").order_by("-at", "-id")
    before = Subquery(changes.values("before")[:1])
    return sources.annotate(former_word=Case(When(observed=Observed.PENDING, then=before), default=Value("")))


def standing_of(source: Source) -> str:
    """Return the state to show of a source that `with_former_word` has loaded.

    `reserve`: it has no AWS account yet. `opening` and `checking`: AWS says ACTIVE, but the gate is closed for a
    moment, so that rules can be made, or because an entry was refused as if the source were gone. `detached`: AWS said
    ACTIVE before it said PENDING; whether the tenant deactivated the source or deleted its bus is not visible to us.
    """
    if source.account is None:
        return RESERVE
    state = shown_state(source)
    if state == ShownState.ACTIVE:
        return _standing_of_active(source)
    # `former_word` exists on annotated rows only. AWS has not spoken yet of what was just offered again.
    said_active = getattr(source, "former_word", None) == Observed.ACTIVE
    if state == ShownState.PENDING and source.observed == Observed.PENDING and said_active:
        return DETACHED
    return state.value


def _standing_of_active(source: Source) -> str:
    if source.suspect_since is not None:
        return CHECKING
    return ShownState.ACTIVE.value if source.opens_at is None else OPENING
