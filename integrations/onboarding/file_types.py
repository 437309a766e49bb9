"""What a file is, told by its bytes: what a browser or a name says of it is not believed."""

import io
import re
import zipfile

PLAIN_TEXT = "text/plain"
SVG = "image/svg+xml"
PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF),
)
_OFFICE_PARTS = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}.presentationml.presentation",
}
_SVG = re.compile(
    r"\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE\s+svg[^>]*>\s*)?(<!--.*?-->\s*)*<svg[\s>/]", re.DOTALL
)
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body|script|iframe|\?xml|[a-z]+:html)[\s>]", re.IGNORECASE)


def sniffed(content: bytes) -> str | None:
    """Return the content type of a file that may be kept, or None.

    Pictures (PNG, JPEG, GIF, WebP, SVG), PDF, plain text in UTF-8 and Office documents without macros. A web page is
    text, but one that could be opened as a page: it is none of these.
    """
    for signature, content_type in _SIGNATURES:
        if content.startswith(signature):
            return content_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    return _text(content)


def _office(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        return None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    return next((content_type for part, content_type in _OFFICE_PARTS.items() if part in names), None)


def _text(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    beginning = text[:20_000]
    if _SVG.match(beginning):
        return SVG
    return None if _MARKUP.match(beginning) else PLAIN_TEXT
