"""The board of all integrations on their way through AWS's stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.web.csv_export import csv_of
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_page
from integrations.onboarding.board import Card, board_of
from integrations.onboarding.checklist import STAGES

LANES = {1: "Test account", 2: "Development", 3: "Questionnaire", 4: "Validation and go-live"}
COLUMNS: Mapping[str, Callable[[Card], Any]] = {
    "integration": lambda card: card.integration.name,
    "namespace": lambda card: card.namespace,
    "stage": lambda card: card.stage.number,
    "state": lambda card: card.stage.state,
    "next": lambda card: card.next_item.title if card.next_item else "",
    "owner": lambda card: card.who,
    "since": lambda card: card.since,
    "due": lambda card: card.due_on,
    "done": lambda card: card.done,
    "of": lambda card: card.total,
    "no_longer_hold": lambda card: card.lost,
    "live_since": lambda card: card.live_since,
}


@dataclass(frozen=True, slots=True)
class Lane:
    """One stage with the integrations that are in it."""

    number: int
    title: str
    cards: list[Card]


@require_safe
@staff_page
def board(request: HttpRequest) -> HttpResponseBase:
    """Show every integration as a card in its stage, with search, and as a file."""
    now, archived = timezone.now(), request.GET.get("archived") == "1"
    words = request.GET.get("q", "").strip()[:200]
    cards = [card for card in board_of(now, archived=archived) if _matches(card, words)]
    if request.GET.get("format") == "csv":
        return csv_of("integrations", COLUMNS, cards)
    person = person_of(request)
    mine = [card for card in cards if card.who == person.email]
    late = [card for card in cards if card.overdue_days]
    context = {
        "lanes": [Lane(stage.number, LANES[stage.number], _of(cards, stage.number)) for stage in STAGES],
        "cards": cards,
        "title": _title(cards, mine, late),
        "coming": sorted((card for card in cards if card.due_on), key=lambda card: str(card.due_on))[:10],
        "words": words,
        "archived": archived,
        "may_act": may(person, TAKE_TO_AWS),
        "today": now.date(),
    }
    return render(request, "onboarding/board.html", context)


def _of(cards: list[Card], number: int) -> list[Card]:
    return [card for card in cards if card.stage.number == number]


def _matches(card: Card, words: str) -> bool:
    found = f"{card.integration.name} {card.namespace} {card.who}".lower()
    return all(word in found for word in words.lower().split())


def _title(cards: list[Card], mine: list[Card], late: list[Card]) -> str:
    if not cards:
        return "No integration is on its way"
    if late:
        return f"{len(late)} of {len(cards)} integrations {'is' if len(late) == 1 else 'are'} overdue"
    if mine:
        return f"{len(mine)} of {len(cards)} integrations {'waits' if len(mine) == 1 else 'wait'} for you"
    return "Nothing is overdue"
