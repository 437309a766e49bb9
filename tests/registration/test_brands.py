import struct
from datetime import datetime

import pytest

from integrations.problems import Problem
from integrations.registration.brands import DARK, LIGHT, LOGO_BYTES, set_brand, sheet_of
from integrations.registration.contrast import contrast, ink_on, mixed, nearest_readable, readable
from integrations.registration.models import Brand, Environment, Integration, Logo
from tenants.models import AuditEntry
from tests.conftest import SYSTEM

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 64, 64) + bytes(9)


@pytest.fixture
def integration(environment: Environment) -> Integration:
    return environment.integration


def brand(integration: Integration, now: datetime, **given: object) -> Brand:
    wanted: dict[str, object] = {"name": "", "colour": "#0b6470"} | given
    return set_brand(integration=integration, **wanted, actor=SYSTEM, now=now)  # type: ignore[arg-type]


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert ink_on("#ffee00") == "#000000"
    assert ink_on("#0b6470") == "#ffffff"
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize("colour", ["#ffee00", "#ffffff", "#7f7f7f", "#00ff00", "#c0ffee", "#000000"])
@pytest.mark.parametrize("papers", [LIGHT, DARK])
def test_every_colour_has_a_readable_one_near_it(colour: str, papers: tuple[str, ...]) -> None:
    assert readable(nearest_readable(colour, *papers), *papers)


def test_a_readable_colour_stays_itself() -> None:
    assert nearest_readable("#0b6470", *LIGHT) == "#0b6470"


def test_a_colour_that_cannot_be_read_is_refused_with_a_near_one_that_is_taken(
    integration: Integration, now: datetime
) -> None:
    with pytest.raises(Problem) as refused:
        brand(integration, now, colour="#ffcc00")
    assert (refused.value.code, refused.value.extra["paper"]) == ("colour_unreadable", "light")
    assert not Brand.objects.exists()
    assert brand(integration, now, colour=refused.value.extra["near"]).colour == refused.value.extra["near"]


def test_a_dark_colour_is_derived_or_checked_too(integration: Integration, now: datetime) -> None:
    assert readable(brand(integration, now).colour_dark, *DARK)
    with pytest.raises(Problem) as refused:
        brand(integration, now, colour_dark="#0b6470")
    assert refused.value.extra["paper"] == "dark"


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g", "#0b6470;}", "url(x)"])
def test_only_a_colour_gets_into_the_stylesheet(integration: Integration, now: datetime, colour: str) -> None:
    with pytest.raises(Problem, match="six hexadecimal digits"):
        brand(integration, now, colour=colour)


@pytest.mark.parametrize("colour", ["#0b6470", "#3d43cc", "#b3251e", "#000000"])
def test_the_sheet_is_readable_in_both_themes(integration: Integration, now: datetime, colour: str) -> None:
    sheet = sheet_of(brand(integration, now, colour=colour))
    assert sheet.count("--accent:") == 2
    for line in sheet.splitlines():
        if "--accent:" in line:
            tokens = dict(
                part.strip().split(": ") for part in line.split("{")[-1].split("}")[0].split(";") if ":" in part
            )
            assert contrast(tokens["--accent-on"], tokens["--accent-fill"]) >= 4.5
            assert contrast(tokens["--accent"], tokens["--accent-soft"]) >= 4.5


def test_without_a_colour_the_looks_are_ours(integration: Integration, now: datetime) -> None:
    assert brand(integration, now, colour="").colour == ""


def test_a_picture_is_kept_replaced_and_taken_away(integration: Integration, now: datetime) -> None:
    brand(integration, now, logo=PNG)
    assert bytes(Logo.objects.get().png) == PNG
    assert brand(integration, now).logo_bytes == len(PNG)
    assert brand(integration, now, without_logo=True).logo_bytes == 0
    assert not Logo.objects.exists()
    assert AuditEntry.objects.filter(action="integration:set_brand").count() == 3


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        PNG[:20],
        PNG + bytes(LOGO_BYTES),
        PNG[:16] + struct.pack(">II", 5_000, 64) + bytes(9),
        PNG[:16] + struct.pack(">II", 0, 64) + bytes(9),
    ],
    ids=["empty", "svg", "cut", "heavy", "wide", "flat"],
)
def test_what_is_no_small_png_is_refused(integration: Integration, now: datetime, logo: bytes) -> None:
    with pytest.raises(Problem) as refused:
        brand(integration, now, logo=logo)
    assert refused.value.code == "logo_invalid"
    assert not Brand.objects.exists()


def test_every_change_has_a_new_version_so_that_browsers_fetch_it(integration: Integration, now: datetime) -> None:
    assert [brand(integration, now).version, brand(integration, now, name="Kestrel").version] == [1, 2]
