import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings

from dashboard.web.looks import EVENT, SOURCE

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"


def test_vendored_files_are_the_ones_that_were_reviewed() -> None:
    vendor = STATIC / "vendor"
    listed = dict(line.split("  ")[::-1] for line in (vendor / "SHA256SUMS").read_text().splitlines())
    found = {path.name: path for path in vendor.iterdir() if path.name != "SHA256SUMS"}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()} == listed


def sprite() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text()))


def test_every_icon_in_use_is_in_the_sprite() -> None:
    looks = [*SOURCE.values(), *EVENT.values()]
    templates = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    headlines = "".join(path.read_text() for path in (settings.BASE_DIR / "dashboard").rglob("headline.py"))
    used = {look.icon for look in looks} | set(re.findall(r'(?:{% icon |mark=)"([a-z0-9-]+)"', templates))
    used |= set(re.findall(r'Headline\(\s*"[a-z]+",\s*"([^"]+)"', headlines))
    assert used <= sprite()


def test_every_icon_of_the_sprite_is_named_somewhere() -> None:
    places = ("templates", "dashboard", "integrations/sandbox/console", "static/js")
    paths = [path for place in places for path in (settings.BASE_DIR / place).rglob("*.*")]
    named = "".join(path.read_text() for path in paths if path.suffix in (".html", ".py", ".js"))
    assert sprite() - set(re.findall(r"[\w-]+", named)) == set()


def test_the_icon_is_found_where_browsers_look_for_it(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"] == "/static/img/favicon.svg"


def test_production_collects_every_file_that_a_sheet_or_page_names(tmp_path: Path) -> None:
    whitenoise = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES={**settings.STORAGES, "staticfiles": whitenoise}):
        call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()
    assert list((tmp_path / "css").glob("app.*.css"))
