"""What pages of onboarding say of items and entries: tone, picture and words."""

from collections.abc import Mapping

from django import template

from integrations.onboarding.checklist_help import HELP
from integrations.onboarding.models import ChecklistItem

register = template.Library()

TONES = {"done": "ok", "lost": "wait", "open": "off"}
MARKS = {"done": "circle-check-filled", "lost": "alert-triangle-filled", "open": "circle-dashed"}
KINDS = {
    "said": "message",
    "sent": "mail",
    "answered": "mail",
    "proven": "circle-check-filled",
    "lost": "alert-triangle-filled",
    "failed": "alert-triangle-filled",
    "stage": "columns-3",
}


@register.filter
def tone(item: ChecklistItem) -> str:
    """Return the tone of an item's state."""
    return TONES[item.state]


@register.filter
def mark(item: ChecklistItem) -> str:
    """Return the picture of an item's state."""
    return MARKS[item.state]


@register.filter
def kind_mark(kind: str) -> str:
    """Return the picture of a timeline entry."""
    return KINDS.get(kind, "history")


@register.filter
def of(table: Mapping[str, str], key: str) -> str:
    """Look a word up."""
    return table.get(key, "")


@register.filter
def help_or(words: str) -> str:
    """Return the help of an item's key, or the words themselves."""
    return HELP.get(words, words)


@register.filter
def lower_first(words: str) -> str:
    """Go on within a sentence; names of AWS's things keep their capital."""
    first = words.split(" ")[0]
    return words if first.isupper() else words[:1].lower() + words[1:]
