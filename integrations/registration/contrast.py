"""Contrast of colours by WCAG 2.2, and the nearest colour that has enough of it."""

import colorsys

ENOUGH = 4.5
WHITE, BLACK = "#ffffff", "#000000"
STEPS = 200


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours written `#rrggbb`, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, *papers: str) -> bool:
    """Return whether text of this colour can be read on all of these papers."""
    return all(contrast(colour, paper) >= ENOUGH for paper in papers)


def nearest_readable(colour: str, *papers: str) -> str:
    """Return the colour of the same hue that is nearest in lightness and can be read on all of these papers."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    for step in range(STEPS + 1):
        for shifted in (lightness - step / STEPS, lightness + step / STEPS):
            if 0 <= shifted <= 1:
                found = _written(colorsys.hls_to_rgb(hue, shifted, saturation))
                if readable(found, *papers):
                    return found
    raise ValueError(f"Nothing can be read on all of {papers}.")


def ink_on(fill: str) -> str:
    """Return white or black, whichever can be read better on this colour: one of them always can."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, fill))


def mixed(colour: str, paper: str, share: float) -> str:
    """Return the paper with this share of the colour in it."""
    pairs = zip(_parts(colour), _parts(paper), strict=True)
    return _written(tuple(one * share + other * (1 - share) for one, other in pairs))


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _written(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
