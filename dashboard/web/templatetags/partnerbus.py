"""How templates write icons, moments, numbers and identifiers."""

import re
from datetime import UTC, datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboard.web.browsers import browser_in_words
from dashboard.web.filters import Asked, SortLink
from dashboard.web.looks import AWS_WORD, TONE_ICON, Look, look_of
from dashboard.web.notice_tones import TONES
from dashboard.web.reasons import reason_for_tenant
from integrations.events.queries import COUNT_LIMIT
from integrations.notifications.choosing import unread_of as unread
from tenants.models import User

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; it says nothing, so a word stands beside it."""
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>', static("img/icons.svg"), name)


@register.filter
def browser(user_agent: str) -> str:
    """Say which browser on which system this is."""
    return browser_in_words(user_agent)


@register.filter
def relative(moment: datetime) -> str:
    """Say how long ago or how far ahead a moment is. `static/js/app.js` says it in the same words and keeps it true."""
    seconds = round((moment - timezone.now()).total_seconds())
    if seconds > 0:
        return _("in {}").format(_ahead(seconds))
    return _("{} ago").format(_ago(-seconds)) if seconds else _("now")


def _ago(seconds: int) -> str:
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        return f"{seconds // HOUR} h"
    return f"{seconds // DAY} d"


def _ahead(seconds: int) -> str:
    if seconds < HOUR:
        return _ago(seconds)
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h"


@register.filter
def utc(moment: datetime) -> str:
    """Write a moment to the second, in UTC, for people."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@register.filter
def local(moment: datetime) -> str:
    """Write a moment to the second, in the zone of whoever reads."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


@register.filter
def local_day(moment: datetime) -> str:
    """Write the day of a moment as people do, in the zone of whoever reads: 23 Nov 2026."""
    here = timezone.localtime(moment)
    return f"{here.day} {here:%b %Y}"


@register.filter
def clock(moment: datetime | None) -> str:
    """Write the time of day in the reader's zone, or a dash for a moment that has not come."""
    return f"{timezone.localtime(moment):%H:%M:%S}" if moment else "\N{EN DASH}"


@register.filter
def iso(moment: datetime) -> str:
    """Write a moment to the second, in UTC, for programs."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@register.filter
def local_step(moment: datetime, minutes: int) -> str:
    """Write the start of a step of so many minutes: its time of day, or its day where a step is one."""
    here = timezone.localtime(moment)
    return local_day(moment) if minutes >= DAY // MINUTE else f"{here.day} {here:%b %H:%M}"


@register.filter
def day_of_name(digits: str) -> str:
    """Write the day of a partition's name: 20261123 is 2026-11-23."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


@register.filter
def tone_icon(tone: str) -> str:
    """Return the icon that a tone has without a better one; any other word is an icon's name already."""
    return TONE_ICON.get(tone, tone)


@register.filter
def notice_tone(kind: str) -> str:
    """Return the tone of a kind of notification."""
    return TONES[kind]


@register.simple_tag
def unread_of(person: User) -> int:
    """Return how many notifications this person has not read; counting stops at 100."""
    return unread(person) if person.is_authenticated else 0


@register.filter
def aws_look(word: str) -> Look:
    """Return how AWS's own word for a source looks, whichever case it is in."""
    return look_of(AWS_WORD, word.upper())


@register.filter
def in_words(reason: str) -> str:
    """Tell a tenant why a delivery is in its state, as the rest of a sentence that begins with "because"."""
    return reason_for_tenant(reason)


@register.filter
def message_tone(level: str) -> str:
    """Return the tone of a message of Django's."""
    return {"success": "ok", "warning": "wait", "error": "bad"}.get(level, "run")


@register.filter
def sort_of(asked: Asked, name: str) -> SortLink:
    """Return the link of a column's heading."""
    return asked.sort_link(name)


@register.filter
def pattern(words: str) -> str:
    """Return the pattern that matches exactly these words, for the browser's own check of an input."""
    return re.sub(r"([\\^$.*+?()\[\]{}|/])", r"\\\1", words)


@register.filter
def thousands(number: int) -> str:
    """Write a number with commas between thousands."""
    return f"{number:,}"


@register.filter
def short_count(number: int) -> str:
    """Write a number where there is little room: 950, 4.2k, 262k, 1.6M."""
    if number < 1_000:
        return str(number)
    value, unit = (number / 1_000, "k") if number < 999_500 else (number / 10**6, "M")
    return f"{value:.1f}".removesuffix(".0") + unit if value < 9.95 else f"{value:,.0f}{unit}"


@register.filter(name="bytes")
def size(number: int) -> str:
    """Write a number of bytes: 880 B, 2.1 kB, 640 MB."""
    value, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):  # noqa: B007 - the last one stays
        if value < 999.5:
            break
        value /= 1_000
    return f"{value:,.0f} {unit}" if value >= 9.95 or unit == "B" else f"{value:.1f} {unit}"


@register.filter
def counted(number: int) -> str:
    """Write a count of a source; at the limit of counting it says that there may be more."""
    return f"{number:,}+" if number >= COUNT_LIMIT else f"{number:,}"


@register.filter
def account(digits: str) -> str:
    """Write an AWS account as AWS's console does: 1234-5678-9012."""
    return "-".join(re.findall(r".{1,4}", digits))


@register.filter
def unbroken(sentence: object) -> SafeString:
    """Write a sentence in which accounts and regions do not break at their hyphens."""
    pieces = re.split(r"(\d{4}-\d{4}-\d{4}|\b[a-z]{2,4}-[a-z]+-\d\b)", str(sentence))
    return format_html_join(
        "", "{}", ((format_html(WHOLE, piece) if place % 2 else piece,) for place, piece in enumerate(pieces))
    )


@register.filter
def over_lines(command: str) -> str:
    """Write a command of a shell with each of its options on a line of its own."""
    return command.replace(" --", " \\\n  --")


@register.filter
def total(number: int, exact: bool) -> str:
    """Write a sum of counts; one that is not exact says that there are more."""
    return f"{number:,}" if exact or not number else f"{number:,}+"


@register.filter
def without(identifier: object, head: str) -> str:
    """Return the identifier without what was written before it."""
    return str(identifier).removeprefix(head or "")


@register.filter
def breakable(identifier: str) -> SafeString:
    """Let a long identifier break after `/` and `::` only."""
    return format_html_join(SafeString("<wbr>"), PIECE, ((piece,) for piece in _pieces(identifier)))


@register.filter
def breakable_start(identifier: str) -> SafeString:
    """Write all but the last piece of a breakable identifier, with a place to break after each."""
    return format_html_join("", PIECE + "<wbr>", ((piece,) for piece in _pieces(identifier)[:-1]))


@register.filter
def last_piece(identifier: str) -> str:
    """Return the last piece of a breakable identifier, which its button must not be parted from."""
    return _pieces(identifier)[-1] if identifier else ""


WHOLE = SafeString('<span class="nowrap">{}</span>')
PIECE = SafeString('<span class="nb">{}</span>')


def _pieces(identifier: str) -> list[str]:
    return re.findall(r".+?(?:::|/|$)", identifier, re.DOTALL)
