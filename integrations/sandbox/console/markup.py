"""HTML from values: whatever is not markup already is text, and is escaped."""

from html import escape

STATIC = "/_sandbox/static"
VOID = {"input", "link", "meta"}


class Html(str):
    """Markup that was made by `el`."""

    __slots__ = ()


def el(tag: str, /, *children: object, **attributes: object) -> Html:
    """Write an element. `class_` is `class`, `aria_label` is `aria-label`; None and False leave an attribute out."""
    written = "".join(_attribute(name, value) for name, value in attributes.items() if value not in (None, False))
    if tag in VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: object) -> Html:
    return Html("".join(child if isinstance(child, Html) else escape(str(child)) for child in children if child != ""))


def icon(name: str) -> Html:
    picture = el("use", href=f"{STATIC}/img/icons.svg#{name}")
    return el("svg", picture, class_="i", aria_hidden="true")


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
