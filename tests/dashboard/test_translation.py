"""What tenants read goes through gettext: nothing of the portal stays English in another language."""

import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from integrations.sources.models import Source
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf, accepted, bury, store_event

WITHOUT_END = {"input", "meta", "link", "br", "wbr", "img", "use", "path", "circle", "line", "rect"}
UNREAD = {"script", "style", "code", "pre", "time", "option", "title"}
# Names, identifiers, AWS's own words and those of tools are the same in every language.
NAMES = re.compile(
    r"Shop|Alder|ARN|AWS CLI|CloudFormation|Terraform|CDK|TypeScript|Python|PENDING|ACTIVE|UTC"
    r"|Europe \(Ireland\)|US East \(N. Virginia\)|[a-z]{2}-[a-z]+-\d|order\.created|events|\S+@\S+"
)


class Texts(HTMLParser):
    """Collects what is read or read out on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in WITHOUT_END:
            self._inside.append(tag in UNREAD)
        self.found += [value for name, value in attrs if name in ("aria-label", "alt") and value]

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._inside):
            self.found.append(data)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language in which every text is written in brackets."""
    chosen: Any = translation._trans
    for name, plain in {"gettext": translation.gettext, "pgettext": translation.pgettext}.items():
        plain(*["x"] * (2 if name == "pgettext" else 1))
        original = getattr(chosen, name)
        monkeypatch.setattr(chosen, name, lambda *words, original=original: f"[{original(*words)}]")
    translation.ngettext("one", "more", 1)
    several = chosen.ngettext
    monkeypatch.setattr(chosen, "ngettext", lambda one, more, number: f"[{several(one, more, number)}]")


def untranslated(page: str) -> list[str]:
    texts = Texts()
    texts.feed(page)
    whole = "\n".join(texts.found)
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", whole)) != whole:
        whole = shorter
    return [line.strip() for line in NAMES.sub("", whole).splitlines() if re.search(r"[A-Za-z]{2}", line)]


@pytest.mark.usefixtures("marked")
def test_every_text_of_the_portal_can_be_translated(
    cast: Cast, client_of: ClientOf, make_source: Callable[..., Source]
) -> None:
    browser = client_of("tenant admin")
    left: dict[str, list[str]] = {}

    def look(*paths: str) -> None:
        for path in paths:
            answer = browser.get(f"/portal/{cast.alder.public_id}/{path}")
            assert answer.status_code == 200
            if found := untranslated(answer.content.decode()):
                left[path] = found

    look("", "no-events", "deliveries")
    source = make_source(cast.alder, observed="pending")
    here = f"sources/{source.public_id}"
    store_event(cast.alder, source)
    look("", "no-events", f"{here}/hand-over", f"{here}/selection", f"{here}/delete", "connect", "members")
    look("preferences", "deliveries", "deliveries?state=dead", "deliveries/replay")
    Source.objects.filter(pk=source.pk).update(observed="active")
    accepted(source)
    bury(source, 1)
    look("", "deliveries", "no-events")
    make_source(cast.alder, region="us-east-1")
    look("")
    assert left == {}


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext makes the catalogue")
def test_a_catalogue_can_be_made_of_these_texts(tmp_path: Path, settings: Any) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    call_command("makemessages", locale=["de"], ignore_patterns=["tests", "staticfiles", "clients"], verbosity=0)
    catalogue = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    found = catalogue.read_text()
    for text in ("Why do I get no events?", "Hands over events", "Waiting to be accepted", "Sending is paused."):
        assert f'msgid "{text}"' in found
    subprocess.run(["msgfmt", "--check", "-o", tmp_path / "django.mo", catalogue], check=True)
