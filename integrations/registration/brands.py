"""White label: setting how an integration's portal looks, so that it can still be read by everybody."""

import re
import struct
from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.contrast import ink_on, mixed, nearest_readable, readable
from integrations.registration.models import Brand, Integration, Logo
from integrations.registration.renaming import locked_integration
from tenants import audit
from tenants.audit import Actor

# The papers of static/css/app.css on which the accent is written: background, surface, sunken.
LIGHT, DARK = ("#f6f7f9", "#ffffff", "#f3f4f7"), ("#0b0d11", "#12151b", "#0e1116")
SURFACE = 1
NAME_LENGTH = 60
LOGO_BYTES = 100_000
LOGO_PIXELS = 1_024
COLOUR = re.compile(r"#[0-9a-f]{6}")
PNG = b"\x89PNG\r\n\x1a\n"


def set_brand(
    *,
    integration: Integration,
    name: str,
    colour: str,
    colour_dark: str = "",
    logo: bytes | None = None,
    without_logo: bool = False,
    actor: Actor,
    now: datetime,
) -> Brand:
    """Set name and colours, and the picture where one is given or it shall go. A dark colour left out is derived.

    Raises Problem 422 `brand_name_invalid`, `colour_invalid`, `colour_unreadable` (with `near`), `logo_invalid`.
    """
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise Problem(422, "brand_name_invalid", f"A name has up to {NAME_LENGTH} printable characters.")
    wanted = {"name": name.strip(), **_colours(colour, colour_dark)}
    if logo is not None:
        _check_logo(logo)
    with transaction.atomic():
        locked_integration(integration)
        brand = Brand.objects.filter(pk=integration.pk).first() or Brand(integration=integration, version=0)
        before = {field: getattr(brand, field) for field in (*wanted, "logo_bytes")}
        for field, value in wanted.items():
            setattr(brand, field, value)
        if logo is not None or without_logo:
            _keep_logo(integration, logo)
            brand.logo_bytes = len(logo or b"")
        brand.version += 1
        brand.save()
        audit.record(
            actor=actor,
            action="integration:set_brand",
            at=now,
            object_type="integration",
            object_id=integration.public_id,
            before=before,
            after=wanted | {"logo_bytes": brand.logo_bytes},
        )
    return brand


def sheet_of(brand: Brand) -> str:
    """Return the stylesheet of a brand: the four tokens of the accent in both themes, and nothing else."""
    light, dark = _tokens(brand.colour, LIGHT[SURFACE], 0.1), _tokens(brand.colour_dark, DARK[SURFACE], 0.2)
    return f":root {{ {light} }}\n@media screen {{ [data-bs-theme=dark] {{ {dark} }} }}\n"


def _tokens(colour: str, paper: str, share: float) -> str:
    soft = mixed(colour, paper, share)
    while share > 0 and not readable(colour, soft):
        share = max(share - 0.01, 0)
        soft = mixed(colour, paper, share)
    return f"--accent: {colour}; --accent-fill: {colour}; --accent-on: {ink_on(colour)}; --accent-soft: {soft};"


def _colours(colour: str, colour_dark: str) -> dict[str, str]:
    light, dark = colour.strip().lower(), colour_dark.strip().lower()
    if not light:
        if dark:
            raise Problem(422, "colour_invalid", "A colour for dark paper needs one for light paper beside it.")
        return {"colour": "", "colour_dark": ""}
    _check_colour(light, LIGHT, "light")
    dark = dark or nearest_readable(light, *DARK)
    _check_colour(dark, DARK, "dark")
    return {"colour": light, "colour_dark": dark}


def _check_colour(colour: str, papers: tuple[str, ...], which: str) -> None:
    if not COLOUR.fullmatch(colour):
        raise Problem(422, "colour_invalid", "Write a colour as # and six hexadecimal digits, such as #0b6470.")
    if not readable(colour, *papers):
        near = nearest_readable(colour, *papers)
        raise Problem(
            422,
            "colour_unreadable",
            f"{colour} cannot be read well on {which} paper: its contrast is below 4.5 to 1. {near} is near and can.",
            near=near,
            paper=which,
        )


def _keep_logo(integration: Integration, logo: bytes | None) -> None:
    if logo is None:
        Logo.objects.filter(pk=integration.pk).delete()
    else:
        Logo.objects.update_or_create(integration=integration, defaults={"png": logo})


def _check_logo(logo: bytes) -> None:
    """A PNG by its own bytes: no other kind is taken, because others can carry code or need a decoder to be judged."""
    if len(logo) > LOGO_BYTES:
        raise Problem(422, "logo_invalid", f"The picture has more than {LOGO_BYTES:,} bytes. Make it smaller.")
    if logo[:8] != PNG or logo[12:16] != b"IHDR" or len(logo) < 33:
        raise Problem(422, "logo_invalid", "The picture is no PNG. Save it as PNG and send that.")
    width, height = struct.unpack(">II", logo[16:24])
    if not (1 <= width <= LOGO_PIXELS and 1 <= height <= LOGO_PIXELS):
        raise Problem(
            422, "logo_invalid", f"The picture is larger than {LOGO_PIXELS} pixels on a side. Make it smaller."
        )
