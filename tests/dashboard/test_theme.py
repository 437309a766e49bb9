import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def choose(client: Client, theme: str, way_back: str = "/accounts/login"):  # type: ignore[no-untyped-def]
    return client.post("/theme", {"theme": theme, "next": way_back})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_rendered_by_the_server(client: Client, theme: str) -> None:
    assert choose(client, theme).headers["Location"] == "/accounts/login"
    assert f'data-bs-theme="{theme}"' in client.get("/accounts/login").content.decode()


def test_as_the_system_does_leaves_the_choice_to_the_browser(client: Client) -> None:
    choose(client, "dark")
    choose(client, "auto")
    assert "data-bs-theme" not in client.get("/accounts/login").content.decode()


def test_an_unknown_theme_changes_nothing(client: Client) -> None:
    assert not choose(client, '"><script>').cookies
    client.cookies["partnerbus_theme"] = '"><script>'
    assert "data-bs-theme" not in client.get("/accounts/login").content.decode()


@pytest.mark.parametrize("way_back", ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)", ""])
def test_the_way_back_stays_on_our_pages(client: Client, way_back: str) -> None:
    assert choose(client, "dark", way_back).headers["Location"] == "/"
