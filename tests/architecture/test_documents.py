"""What the documents promise exists."""

import re
from pathlib import Path

from django.core.management import get_commands

from tests.architecture.sources import ROOT, files

DOCUMENTS = [path for path in files() if path.suffix == ".md"]
OF_THE_READER = {"tenant.py"}  # what the page on the simulator has somebody save
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors_of(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_and_a_heading_that_exist() -> None:
    broken = []
    for document in DOCUMENTS:
        for target, anchor in LINK.findall((ROOT / document).read_text()):
            path = (ROOT / document).parent / target if target else ROOT / document
            if not path.exists() or (anchor and anchor not in anchors_of(path)):
                broken.append(f"{document}: {target}#{anchor}")
    assert broken == []


def test_every_module_and_template_that_is_named_exists() -> None:
    """`sources/gate.py` is short for the file in integrations, and `gate.py` for the one that the sentence is about."""
    there = {f"/{path}" for path in files()}
    written = named(r"`([a-z_/.]+\.(?:py|html|css|js))`") - OF_THE_READER
    assert {name for name in written if not any(path.endswith(f"/{name}") for path in there)} == set()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert named(r"(?:^|`|&& )make ([a-z-]+)") - targets == set()


def test_every_command_that_is_named_exists() -> None:
    assert named(r"manage\.py ([a-z_]+)") - set(get_commands()) == set()


def test_the_license_is_the_one_that_the_package_names() -> None:
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()


def named(pattern: str) -> set[str]:
    """Return the words that stand in this place in any document."""
    texts = [(ROOT / document).read_text() for document in DOCUMENTS]
    return {word for text in texts for word in re.findall(pattern, text, flags=re.MULTILINE)}
