"""Pages are compressed for browsers that ask for it, and nothing else is."""

import gzip

from django.test import Client

from tests.dashboard.pages import HTMX, ClientOf

ASKS = {"Accept-Encoding": "gzip"}


def test_a_page_is_sent_compressed_to_who_takes_that_and_as_it_is_to_others(client_of: ClientOf) -> None:
    client = client_of("operations")
    page = client.get("/operators/health", headers=ASKS)
    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
    assert int(page.headers["Content-Length"]) == len(page.content)
    assert b"</html>" in gzip.decompress(page.content)
    assert "Content-Encoding" not in client.get("/operators/health").headers


def test_a_region_that_has_not_changed_is_still_answered_by_304(client_of: ClientOf) -> None:
    client = client_of("operations")
    tag = client.get("/operators/health").headers["ETag"]
    again = client.get("/operators/health", headers=ASKS | HTMX | {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_api_and_files_are_left_as_they_are(client_of: ClientOf) -> None:
    client = client_of("operations")
    for path in ("/api/v1/openapi.json", "/operators/audit-log?format=csv", "/livez"):
        assert "Content-Encoding" not in client.get(path, headers=ASKS).headers


def test_the_length_of_a_page_tells_nothing_of_what_is_on_it(client: Client, db: None) -> None:
    lengths = {len(client.get("/accounts/login", headers=ASKS).content) for _ in range(10)}
    assert len(lengths) > 1
