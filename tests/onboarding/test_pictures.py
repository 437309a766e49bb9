"""Which pictures stand inside a PDF, and what one that was drawn in bad faith can cost."""

import pytest

from integrations.onboarding import typesetting
from integrations.onboarding.pictures import embeddable
from integrations.onboarding.typesetting import TypesettingFailed, typeset

XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10"'
SVG = f'<svg {XMLNS}><rect id="a" width="9" height="9"/><use href="#a"/></svg>'.encode()


@pytest.mark.parametrize(
    "svg",
    [
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><style>@import "http://x"</style></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(http://example.com/x)"/></svg>',
        b"<svg",
    ],
)
def test_a_picture_that_reaches_out_or_acts_is_not_embedded(svg: bytes) -> None:
    assert not embeddable("image/svg+xml", svg)


def test_plain_pictures_are_embedded_and_large_or_other_ones_are_not() -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (100).to_bytes(4) + (100).to_bytes(4) + bytes(20)
    huge = png[:16] + (100_000).to_bytes(4) * 2 + png[24:]
    assert embeddable("image/svg+xml", SVG)
    assert embeddable("image/png", png)
    assert not embeddable("image/png", huge)
    assert not embeddable("application/pdf", b"%PDF-1.7")


def nested(levels: int, link: str, leaf: str = '<rect width="1" height="1"/>') -> bytes:
    """Return a picture of a few hundred characters in which each level draws the one below ten times."""
    groups = "".join(f'<g id="a{n}">{link.format(n - 1) * 10}</g>' for n in range(1, levels + 1))
    return f'<svg {XMLNS}><g id="a0">{leaf}</g>{groups}</svg>'.encode()


@pytest.mark.parametrize(
    "link",
    ['<use href="#a{}"/>', '<use xlink:href="#a{}"/>', '<rect fill="url(#a{})"/>', "<rect mask=\"url('#a{}')\"/>"],
)
def test_what_references_have_drawn_again_and_again_is_not_embedded(link: str) -> None:
    assert embeddable("image/svg+xml", nested(2, link))
    assert not embeddable("image/svg+xml", nested(9, link))
    assert not embeddable("image/svg+xml", nested(3, link, f'<path d="M0 0{" L1 2 3 4" * 2_000}"/>'))


@pytest.mark.parametrize(
    "picture",
    [
        '<g id="a"><use href="#a"/></g>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
        "<g>" * 15_000 + "</g>" * 15_000,
    ],
)
def test_what_draws_itself_or_is_nested_without_end_is_not_embedded(picture: str) -> None:
    assert not embeddable("image/svg+xml", f"<svg {XMLNS}>{picture}</svg>".encode())


def test_what_gets_past_the_look_ends_at_the_limit_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "MEMORY_BYTES", 128 * 1024 * 1024)
    heavy = nested(2, '<use href="#a{}"/>', f'<path d="M0 0{" L1 2 3 4" * 50_000}"/>')
    question = {
        "key": "diagram", "title": "Diagram", "answer": "", "answered": True,
        "files": [{"id": "a", "name": "a.svg", "size": 1, "sha256": "0" * 64, "picture": "a"}],
    }  # fmt: skip
    document = {
        "title": "T", "product": "P", "note": "", "standing": "S",
        "sections": [{"title": "One", "questions": [question]}],
    }  # fmt: skip
    with pytest.raises(TypesettingFailed):
        typesetting._set("questionnaire", document, {"a": heavy})
    assert typeset("questionnaire", document, {"a": heavy}).startswith(b"%PDF-")
