"""The kit on pages: tabs in which the reader's own values are marked, and every text as a file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.http import Http404, HttpResponse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from integrations.sources.kit.contents import Kit, Text, Words


@dataclass(frozen=True, slots=True)
class Tab:
    """What `c-code-tabs` shows of a text."""

    key: str
    title: Words
    label: Words
    code: SafeString
    note: SafeString


@dataclass(frozen=True)
class KitTabs:
    """A kit as `c-kit` shows it. `files` is the address below which its texts are downloaded, with a slash."""

    kit: Kit
    files: str

    @cached_property
    def take_up(self) -> list[Tab]:
        return self._tabs(self.kit.take_up)

    @cached_property
    def classic(self) -> list[Tab]:
        return self._tabs(self.kit.classic)

    @cached_property
    def new_bus(self) -> list[Tab]:
        return self._tabs(self.kit.new_bus)

    @cached_property
    def permissions(self) -> list[Tab]:
        return self._tabs(self.kit.permissions)

    @cached_property
    def recipes(self) -> list[Tab]:
        return self._tabs(self.kit.recipes)

    @property
    def pattern(self) -> SafeString:
        """The event pattern of the source, marked."""
        return marked(self.kit.place.pattern, self.kit.values)

    def _tabs(self, texts: Iterable[Text]) -> list[Tab]:
        return [
            Tab(text.key, text.title, text.title, marked(text.content.rstrip(), self.kit.values), self._note(text))
            for text in texts
        ]

    def _note(self, text: Text) -> SafeString:
        link = format_html('<a href="{}{}" download>{}</a>', self.files, text.key, _("Download %s") % text.file)
        return format_html("{} {}", text.note, link) if text.note else link


def tabs_of(texts: Iterable[Text], values: Iterable[str]) -> list[Tab]:
    """Return texts as tabs to copy from, with these values marked."""
    own = sorted(filter(None, values), key=len, reverse=True)
    note = SafeString("")
    return [Tab(text.key, text.title, text.title, marked(text.content.rstrip(), own), note) for text in texts]


def marked(text: str, values: Iterable[str]) -> SafeString:
    """Write a text with the reader's own values marked; `values` come longest first."""
    pieces = re.split("(" + "|".join(map(re.escape, values)) + ")", text)
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", each) if at % 2 else conditional_escape(each),)
            for at, each in enumerate(pieces)
        ),
    )


def kit_file(kit: Kit, key: str) -> HttpResponse:
    """Answer with one text of the kit as a file, or raise Http404."""
    text = kit.text(key)
    if text is None:
        raise Http404
    return HttpResponse(
        text.content,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{text.file}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
