"""The board: where every integration stands, whose turn it is, since when, and what is late."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from integrations.onboarding.models import ChecklistItem, Owner, Profile, Stage
from integrations.onboarding.stages import current_of
from integrations.registration.models import Environment, Integration

State = ChecklistItem.State


@dataclass(frozen=True, slots=True)
class Card:
    """One integration on the board, in the stage that it is in."""

    integration: Integration
    profile: Profile
    stage: Stage
    namespace: str
    next_item: ChecklistItem | None
    lost: int
    done: int
    total: int
    overdue_days: int
    live_since: datetime | None

    @property
    def due_on(self) -> date | None:
        """The nearest day: of the item that is next, or of the stage."""
        days = [each.due_on for each in (self.next_item, self.stage) if each is not None and each.due_on]
        return min(days, default=None)

    @property
    def who(self) -> str:
        """Who has to take the next step: a person where one is named."""
        if self.next_item is None:
            return ""
        if self.next_item.owner != Owner.PROVIDER:
            return Owner(self.next_item.owner).label
        person = self.next_item.assignee or self.profile.lead
        return person.email if person else Owner.PROVIDER.label

    @property
    def since(self) -> datetime | None:
        """Since when it is theirs."""
        if self.next_item is not None and self.next_item.lost_at:
            return self.next_item.lost_at
        return self.stage.owner_since or self.stage.opened_at


def board_of(now: datetime, *, archived: bool = False) -> list[Card]:
    """Return a card for every integration, the most urgent first. Four queries, whatever there is."""
    profiles = list(
        Profile.objects.filter(archived_at__isnull=not archived).select_related("integration", "lead").order_by("pk")
    )
    keys = [profile.pk for profile in profiles]
    stages = _grouped(Stage.objects.filter(integration__in=keys).order_by("number"), "integration_id")
    open_items = ChecklistItem.objects.filter(stage__integration__in=keys).select_related("assignee", "stage")
    items = _grouped(open_items.defer("evidence", "note").order_by("stage", "position"), "stage_id")
    environments = _grouped(Environment.objects.filter(integration__in=keys), "integration_id")
    cards = [
        _card(each, stages[each.pk], items, environments[each.pk], now.date()) for each in profiles if stages[each.pk]
    ]
    return sorted(cards, key=lambda card: (-card.overdue_days, -card.lost, card.integration.name))


def next_of(items: Iterable[ChecklistItem]) -> ChecklistItem | None:
    """Return what comes next: what has ceased to hold, then the provider's first open item, then anybody's."""
    wanted = [item for item in items if item.state != State.DONE]
    lost = [item for item in wanted if item.state == State.LOST]
    ours = [item for item in wanted if item.owner == Owner.PROVIDER]
    return next(iter([*lost, *ours, *wanted]), None)


def overdue_by(day: date | None, today: date) -> int:
    """Return the days since a due date has passed; 0 while it has not."""
    return max((today - day).days, 0) if day else 0


def _card(
    profile: Profile,
    stages: Sequence[Stage],
    items: dict[int, list[ChecklistItem]],
    environments: Sequence[Environment],
    today: date,
) -> Card:
    stage = current_of(stages)
    mine = items[stage.pk]
    # What ceased to hold in an earlier stage comes before anything of this one.
    earlier = [item for each in stages for item in items[each.pk] if item.state == State.LOST]
    following = next_of([*earlier, *mine])
    live = next((each.enabled_at for each in environments if each.kind == "production"), None)
    shown = "production" if stage.number == 4 else "test"
    named = sorted(environments, key=lambda each: each.kind != shown)
    return Card(
        integration=profile.integration,
        profile=profile,
        stage=stage,
        namespace=named[0].namespace if named else "",
        next_item=following,
        lost=len(earlier),
        done=sum(item.state == State.DONE for item in mine),
        total=len(mine),
        overdue_days=max(
            overdue_by(stage.due_on if stage.state != Stage.State.DONE else None, today),
            overdue_by(following.due_on if following else None, today),
        ),
        live_since=live,
    )


def _grouped(rows: Iterable[object], column: str) -> dict[int, list]:  # type: ignore[type-arg]
    grouped: dict[int, list] = defaultdict(list)  # type: ignore[type-arg]
    for row in rows:
        grouped[getattr(row, column)].append(row)
    return grouped
