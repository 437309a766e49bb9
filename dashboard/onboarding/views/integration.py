"""One integration: its stages, its checklist, its letters, and what happened."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import acted, actor_of, address_of
from dashboard.onboarding.views.board import LANES
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.paging import page_of
from integrations.onboarding.attachments import add_attachment
from integrations.onboarding.board import next_of, overdue_by
from integrations.onboarding.checklist_help import HELP
from integrations.onboarding.models import LARGEST_ATTACHMENT, ChecklistItem, Owner, Stage, TimelineEntry
from integrations.onboarding.profiles import integration_of
from integrations.onboarding.stages import current_of
from integrations.onboarding.timeline import comment, timeline_of
from integrations.problems import Problem

LATEST = 12
TIMELINE = Filters(
    filters=(filters.choice("kind", "Kind", TimelineEntry.Kind.choices, anything="Everything"),),
    sorts=(Sort("at", ("-at", "-id")),),
)
COLUMNS = {
    "at": lambda entry: entry.at,
    "who": lambda entry: entry.actor_label,
    "kind": lambda entry: entry.kind,
    "stage": lambda entry: entry.stage,
    "title": lambda entry: entry.title,
    "text": lambda entry: entry.text,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A stage of the checklist as it is shown."""

    stage: Stage
    title: str
    items: list[ChecklistItem]
    url: str
    now: bool
    overdue_days: int

    @property
    def done_items(self) -> int:
        return sum(item.state == ChecklistItem.State.DONE for item in self.items)

    @property
    def lost_items(self) -> int:
        return sum(item.state == ChecklistItem.State.LOST for item in self.items)

    @property
    def number(self) -> int:
        return self.stage.number

    @property
    def done(self) -> bool:
        return bool(self.stage.state == Stage.State.DONE)

    @property
    def tone(self) -> str:
        """How the note looks: what needs somebody has an icon of its own."""
        return "bad" if self.overdue_days else "wait" if self.lost_items else ""

    @property
    def note(self) -> str:
        """What the stepper says below the title."""
        late = f", overdue by {self.overdue_days} d" if self.overdue_days else ""
        if self.lost_items:
            one = self.lost_items == 1
            return f"{self.lost_items} item{' no longer holds' if one else 's no longer hold'}{late}"
        if self.done:
            return f"Done {self.stage.completed_at:%d %b %Y}"
        if self.stage.opened_at is None:
            return f"Opens after stage {self.number - 1}"
        if late:
            return f"{self.done_items} of {len(self.items)}{late}"
        due = f", due {self.stage.due_on:%d %b}" if self.stage.due_on else ""
        return f"{self.done_items} of {len(self.items)}{due}"


@require_safe
@staff_page
def integration(request: HttpRequest, integration: str) -> HttpResponse:
    """Show where an integration stands."""
    found = integration_of(integration)
    parts = _parts(found)
    current = next((part for part in parts if part.now), parts[-1])
    chosen = next((part for part in parts if str(part.number) == request.GET.get("stage")), current)
    following = next_of([item for part in parts if part.number <= current.number for item in part.items])
    environments = list(found.environments.order_by("-kind"))
    context: dict[str, Any] = {
        "integration": found,
        "profile": found.profile,
        "parts": parts,
        "current": current,
        "chosen": chosen,
        "following": following,
        "who": _who(following, found.profile.lead),
        "since": (following.lost_at if following else None) or current.stage.owner_since,
        "helps": {item.pk: HELP.get(item.key, "") for item in chosen.items},
        "environments": environments,
        "live": next((each.enabled_at for each in environments if each.kind == "production"), None),
        "letters": list(found.letters.all()[:10]),
        "files": list(found.attachments.all()[:50]),
        "entries": list(timeline_of(found)[:LATEST]),
        "types": found.catalogued_types.count(),
        "may_act": may(person_of(request), TAKE_TO_AWS),
        "tones": TONES,
        "today": timezone.now().date(),
    }
    return render(request, "onboarding/integration.html", context)


@require_safe
@staff_page
def timeline(request: HttpRequest, integration: str) -> HttpResponseBase:
    """List everything that happened, newest first, and as a file."""
    found = integration_of(integration)
    asked = TIMELINE.read(request)
    rows = timeline_of(found)
    if kind := asked.value("kind"):
        rows = rows.filter(kind=kind)
    if asked.wants_csv:
        return csv_of("timeline", COLUMNS, every(rows, asked.sort.fields))
    page = page_of(asked, rows, noun=("entry", "entries"))
    context = {"integration": found, "list": asked, "shown": page, "tones": TONES}
    return render(request, "onboarding/timeline.html", context)


@require_POST
@staff_action(TAKE_TO_AWS)
def add_comment(request: HttpRequest, integration: str) -> HttpResponse:
    """Say something about the integration."""
    found = integration_of(integration)
    text = request.POST.get("text", "")
    return acted(
        request,
        lambda: comment(integration=found, text=text, actor=actor_of(request), now=timezone.now()),
        "",
        address_of(found) + "#timeline",
    )


@require_POST
@staff_action(TAKE_TO_AWS)
def add_file(request: HttpRequest, integration: str) -> HttpResponse:
    """Keep a file with the integration."""
    found = integration_of(integration)
    return acted(request, lambda: keep_upload(request, found, None), "The file is kept.", address_of(found) + "#files")


def keep_upload(request: HttpRequest, integration: Any, item: ChecklistItem | None) -> None:
    """Keep the file of a form. Raises Problem as `add_attachment` does, and 422 `file_missing`."""
    upload = request.FILES.get("file")
    if upload is None or upload.size is None:
        raise Problem(422, "file_missing", "Choose a file first.")
    # One byte more than is kept, so that what is too large is refused without reading all of it.
    content = upload.read(LARGEST_ATTACHMENT + 1)
    add_attachment(
        integration=integration,
        item=item,
        name=upload.name or "file",
        content=content,
        actor=actor_of(request),
        now=timezone.now(),
    )


def _parts(found: Any) -> list[Part]:
    stages = list(found.stages.order_by("number"))
    items: dict[int, list[ChecklistItem]] = {stage.pk: [] for stage in stages}
    wanted = ChecklistItem.objects.filter(stage__in=stages).select_related("assignee", "done_by", "stage")
    for item in wanted.order_by("stage", "position"):
        items[item.stage_id].append(item)
    now = current_of(stages)
    today = timezone.now().date()
    return [
        Part(
            stage,
            LANES[stage.number],
            items[stage.pk],
            f"{address_of(found)}?stage={stage.number}#checklist",
            stage == now,
            overdue_by(stage.due_on, today) if stage.state != Stage.State.DONE else 0,
        )
        for stage in stages
    ]


def _who(item: ChecklistItem | None, lead: Any) -> str:
    if item is None:
        return ""
    if item.owner != Owner.PROVIDER:
        return Owner(item.owner).label
    person = item.assignee or lead
    return person.email if person else Owner.PROVIDER.label


TONES = {"proven": "ok", "lost": "wait", "failed": "bad", "stage": "run", "said": "", "sent": "", "answered": ""}
