"""The console page for people."""

import re

from tests.sandbox.conftest import World


def page_of(world: World) -> str:
    status, text = world.sandbox.http("GET", "/_sandbox/")
    assert status == 200
    return text


def test_the_console_says_that_nothing_reaches_aws_and_when_it_was_true(world: World) -> None:
    text = page_of(world)
    assert "Simulated. Nothing here reaches AWS." in text
    assert re.search(r"As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", text)


def test_moments_are_written_to_the_second_in_utc(world: World) -> None:
    world.connected()
    cells = re.findall(r"<td>(20.*?)</td>", page_of(world))
    assert cells
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", cell) for cell in cells)


def test_every_table_is_a_region_that_scrolls_by_keyboard(world: World) -> None:
    world.connected()
    text = page_of(world)
    regions = re.findall(r'<div class="wide" role="region" aria-label="([^"]+)" tabindex="0"><table>', text)
    assert len(regions) == text.count("<table>") > 0
    assert {"Sources", "Event buses"} <= set(regions)
