"""Which pictures may stand inside a document. The others go along as files and are named in it."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

PNG, SVG = "image/png", "image/svg+xml"
MAX_BYTES = 4 * 1024 * 1024
MAX_PIXELS = 40_000_000  # four bytes each while it is set
MAX_ELEMENTS = 20_000
MAX_DRAWN = 8 * 1024 * 1024  # characters, each counted as often as references have it drawn
_ACTIVE = {"script", "foreignobject", "iframe", "audio", "video", "handler", "listener"}
_DECLARATION = re.compile(rb"<!(doctype|entity)", re.IGNORECASE)
_REFERENCE = re.compile(r"#([^\s'\")]+)")
_REACHES_OUT = re.compile(r"url\(\s*+['\"]?+(?!#)|@import|expression\(", re.IGNORECASE)


def embeddable(content_type: str, content: bytes) -> bool:
    """Return whether a picture is of a kind and size that can be set, and reaches for nothing outside itself."""
    if len(content) > MAX_BYTES:
        return False
    if content_type == PNG:
        return _is_small_png(content)
    if content_type == SVG:
        return _is_plain_svg(content)
    return False


def _is_small_png(content: bytes) -> bool:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR" or len(content) < 33:
        return False
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    return 0 < width * height <= MAX_PIXELS


def _is_plain_svg(content: bytes) -> bool:
    if _DECLARATION.search(content):  # entities can grow without bound and read files
        return False
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - declarations were refused above
    except (ElementTree.ParseError, ValueError, LookupError):
        return False
    elements = list(root.iter())
    if len(elements) > MAX_ELEMENTS or not all(_is_plain(element) for element in elements):
        return False
    try:
        return _drawn(root, {key: element for element in elements if (key := element.get("id"))}) <= MAX_DRAWN
    except RecursionError:
        return False


def _drawn(root: ElementTree.Element, named: Mapping[str, ElementTree.Element]) -> int:
    """Return how many characters are drawn in the end: what is used ten times, ten times over, is drawn a hundred."""
    known: dict[ElementTree.Element, int] = {}

    def count(element: ElementTree.Element) -> int:
        if element not in known:
            known[element] = MAX_DRAWN + 1  # meanwhile: what draws itself is too much
            own = [element.tag, element.text or "", *element.attrib.values()]
            used = [named[key] for key in _REFERENCE.findall(" ".join(element.attrib.values())) if key in named]
            known[element] = sum(map(len, map(str, own))) + sum(map(count, [*element, *used]))
        return known[element]

    return count(root)


def _is_plain(element: ElementTree.Element) -> bool:
    if not isinstance(element.tag, str):
        return True
    if element.tag.rpartition("}")[2].lower() in _ACTIVE:
        return False
    for name, value in element.attrib.items():
        bare = name.rpartition("}")[2].lower()
        if bare.startswith("on") or (bare in ("href", "src") and not value.strip().startswith("#")):
            return False
        if _REACHES_OUT.search(value):
            return False
    return not _REACHES_OUT.search(element.text or "")
