"""A list's search, filters and sorting, declared once and kept in the URL alone: a link says what somebody sees."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

Options = Sequence[tuple[str, str]]
LONGEST = 200  # characters of a filter; more is nobody's honest question
FEW = 4  # filters that a phone has room for
CURSOR, SORT, FORMAT = "after", "sort", "format"


@dataclass(frozen=True, slots=True)
class Filter:
    """One question of the filter bar. `kind` is how it is asked: search, choice, text or day.

    `options` of a choice are (value, word) pairs, or a function that finds them; `anything` is the word for none of
    them. `chip` is the sentence of an applied filter, with `{}` for its word.
    """

    kind: Literal["search", "choice", "text", "day"]
    name: str
    label: str
    options: Options | Callable[[], Options] = ()
    anything: str = ""
    chip: str = ""


def _chip(label: str) -> str:
    return _("%(label)s is {}") % {"label": label}


def search(label: str, name: str = "q") -> Filter:
    """Ask for free text; `label` says what is searched."""
    return Filter("search", name, label, chip="“{}”")


def choice(name: str, label: str, options: Options | Callable[[], Options], anything: str = "") -> Filter:
    """Ask for one of these options."""
    return Filter("choice", name, label, options, anything or f"Any {label.lower()}", _chip(label))


def text(name: str, label: str) -> Filter:
    """Ask for an exact word."""
    return Filter("text", name, label, chip=_chip(label))


def day(name: str, label: str) -> Filter:
    """Ask for a day, in the zone of whoever asks: see `Asked.start_of` and `Asked.end_of`."""
    return Filter("day", name, label, chip=label + " {}")


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by the names of fields, `-` in front for descending; the last one is unique and none is ever null."""

    name: str
    fields: tuple[str, ...]

    def turned(self) -> "Sort":
        """Return the opposite order."""
        flipped = tuple(each[1:] if each[0] == "-" else f"-{each}" for each in self.fields)
        return Sort(self.name[1:] if self.name[0] == "-" else f"-{self.name}", flipped)


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as the bar shows it, with what was asked."""

    kind: str
    name: str
    label: str
    value: str
    anything: str
    options: Options


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is applied, as a sentence, and the address without it."""

    name: str
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class SortLink:
    """The heading of a column by which the list can be sorted."""

    url: str
    current: bool
    direction: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list can be asked. The first of `sorts` is the order of a list that nobody has sorted."""

    filters: Sequence[Filter]
    sorts: Sequence[Sort]

    def read(self, request: HttpRequest) -> "Asked":
        """Return what was asked; what is not offered is not asked."""
        return Asked(self, request.path, request.GET, *_fields_and_chips(self, request))


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked of a list."""

    offered: Filters
    path: str
    query: QueryDict = field(repr=False)
    fields: list[Field]
    chips: list[Chip]

    def value(self, name: str) -> str:
        """Return the value of a filter, empty when it is not applied."""
        return next(each.value for each in self.fields if each.name == name)

    def worded(self, **words: str) -> "Asked":
        """Return the same with chips that say these words for what the filters of these names hold."""
        sentences = {each.name: each.chip for each in self.offered.filters}
        chips = [
            replace(chip, text=sentences[chip.name].format(words[chip.name])) if words.get(chip.name) else chip
            for chip in self.chips
        ]
        return replace(self, chips=chips)

    @property
    def in_sight(self) -> list[Field]:
        """The filters that a phone shows at once: the search before many others, all of few."""
        return [each for each in self.fields if each.kind == "search"] if len(self.fields) > FEW else self.fields

    @property
    def folded(self) -> list[Field]:
        """The filters that a phone folds away."""
        return self.fields[len(self.in_sight) :]

    @property
    def unfolded(self) -> bool:
        """Whether one of them is in use."""
        return any(each.value for each in self.folded)

    @property
    def cursor(self) -> str:
        """Where the page begins; empty for the first."""
        return self.query.get(CURSOR, "")

    @property
    def wants_csv(self) -> bool:
        """Whether the whole list is asked for as a file."""
        return self.query.get(FORMAT) == "csv"

    @property
    def sort(self) -> Sort:
        """The order that was asked for."""
        asked = self.query.get(SORT, "")
        orders = [each for sort in self.offered.sorts for each in (sort, sort.turned())]
        return next((each for each in orders if each.name == asked), self.offered.sorts[0])

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What the filter bar hands on unseen."""
        return [(SORT, self.sort.name)] if self.sort != self.offered.sorts[0] else []

    @property
    def csv_url(self) -> str:
        """Where the whole list is, as it is filtered and sorted."""
        return self.url(**{FORMAT: "csv"})

    @property
    def bare_url(self) -> str:
        """Where the list is without filters."""
        return self.path

    def sort_link(self, name: str) -> SortLink:
        """Return the heading's link: sorts by it, and a second time the other way."""
        offered = next(each for each in self.offered.sorts if each.name == name)
        current = self.sort.name.lstrip("-") == name
        target = self.sort.turned() if current else offered
        direction = "descending" if (self.sort if current else offered).fields[0][0] == "-" else "ascending"
        return SortLink(self.url(**{SORT: target.name}), current, direction)

    def url(self, **changes: str) -> str:
        """Return the address of the list with these changes, from its first page on unless a cursor is given."""
        values = {each.name: each.value for each in self.fields} | dict(self.carried) | changes
        given = {name: value for name, value in values.items() if value}
        return f"{self.path}?{urlencode(given)}" if given else self.path

    def start_of(self, name: str) -> datetime | None:
        """Return when the day of this filter begins, in the zone of whoever asks."""
        return _midnight(self.value(name), timedelta())

    def end_of(self, name: str) -> datetime | None:
        """Return when the day after the one of this filter begins."""
        return _midnight(self.value(name), timedelta(days=1))


def _fields_and_chips(offered: Filters, request: HttpRequest) -> tuple[list[Field], list[Chip]]:
    fields = [_field(each, request.GET.get(each.name, "")) for each in offered.filters]
    bare = Asked(offered, request.path, request.GET, fields, [])
    chips = [
        Chip(shown.name, asked.chip.format(_word(shown)), bare.url(**{shown.name: ""}))
        for asked, shown in zip(offered.filters, fields, strict=True)
        if shown.value
    ]
    return fields, chips


def _field(offered: Filter, asked: str) -> Field:
    options = offered.options() if callable(offered.options) else offered.options
    value = asked.replace("\x00", "").strip()[:LONGEST]
    if offered.kind == "choice" and value not in dict(options):
        value = ""
    if offered.kind == "day" and _midnight(value, timedelta()) is None:
        value = ""
    return Field(offered.kind, offered.name, offered.label, value, offered.anything, options)


def _word(shown: Field) -> str:
    return dict(shown.options).get(shown.value, shown.value)


def _midnight(value: str, later: timedelta) -> datetime | None:
    try:
        asked = date.fromisoformat(value) + later
        return datetime.combine(asked, time.min, timezone.get_current_timezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def options_of(pairs: Iterable[tuple[object, object]]) -> Options:
    """Return options of anything that can be written."""
    return [(str(value), str(word)) for value, word in pairs]
