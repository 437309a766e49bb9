"""A region that refreshes by itself brings the title of the window along, as the page would have it."""

import re
from collections.abc import Callable

import pytest

from integrations.sources.models import Source
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, change_gate


def titles(body: str) -> list[str]:
    return re.findall("<title>(.*?)</title>", body)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("path", ["/operators/", "/operators/health", "/operators/begin"])
def test_the_region_has_the_title_of_its_page(client_of: ClientOf, cast: Cast, path: str) -> None:
    client = client_of("operations")
    (title,) = titles(client.get(path).content.decode())
    assert titles(client.get(path, headers=HTMX).content.decode()) == [title]
    assert title.endswith(" · Partnerbus")


def test_the_title_of_a_source_changes_with_its_state(
    client_of: ClientOf, cast: Cast, make_source: Callable[..., Source]
) -> None:
    client, source = client_of("support"), make_source(cast.alder, observed="pending")
    path = f"/operators/sources/{source.public_id}"
    before = titles(client.get(path, headers=HTMX).content.decode())
    change_gate(source, observed="active")
    after = titles(client.get(path, headers=HTMX).content.decode())
    assert after != before
    assert after == titles(client.get(path).content.decode())
