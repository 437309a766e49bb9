"""The timeline: what happened to an integration, told by the use case that did it, and what people say about it."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.models import ChecklistItem, TimelineEntry
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor

TITLE_LENGTH = 250
LONGEST_COMMENT = 10_000
Kind = TimelineEntry.Kind


def tell(
    *,
    integration: Integration,
    kind: TimelineEntry.Kind,
    title: str,
    actor: Actor,
    now: datetime,
    text: str = "",
    stage: int | None = None,
    item: ChecklistItem | None = None,
) -> TimelineEntry:
    """Write one entry, in the transaction of what it tells."""
    return TimelineEntry.objects.create(
        integration=integration,
        item=item,
        at=now,
        kind=kind,
        stage=stage if stage or item is None else item.stage.number,
        title=title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…",
        text=text,
        actor_label=actor.label[:200],
    )


def comment(
    *, integration: Integration, text: str, actor: Actor, now: datetime, item: ChecklistItem | None = None
) -> TimelineEntry:
    """Say something about an integration, or about one item of its checklist. Raises Problem `comment_invalid`."""
    text = text.strip()
    if not text or len(text) > LONGEST_COMMENT or "\0" in text:
        raise Problem(422, "comment_invalid", f"Write a comment of 1 to {LONGEST_COMMENT:,} characters.")
    with transaction.atomic():
        title = f"About “{item.title}”" if item else "Comment"
        entry = tell(integration=integration, kind=Kind.SAID, title=title, text=text, actor=actor, now=now, item=item)
        record_of(
            integration,
            "integration:comment",
            actor,
            now,
            after={"comment": str(entry.public_id), "item": item.key if item else None},
        )
    return entry


def timeline_of(integration: Integration) -> QuerySet[TimelineEntry]:
    """Return the integration's entries, newest first."""
    return TimelineEntry.objects.filter(integration=integration).select_related("item").order_by("-at", "-pk")
