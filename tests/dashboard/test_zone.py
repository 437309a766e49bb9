import pytest
from django.test import Client

from tests.dashboard.pages import ClientOf


def chosen(client: Client, zone: str, way_back: str = "/") -> None:
    answer = client.post("/zone", {"zone": zone, "next": way_back})
    assert answer.status_code == 302


def test_moments_are_written_in_the_zone_of_the_reader_with_utc_on_hover(client_of: ClientOf) -> None:
    client = client_of("support")
    chosen(client, "Asia/Tokyo")
    page = client.get("/operators/audit-log").content.decode()
    assert 'data-zone="Asia/Tokyo"' in page
    assert " JST</span>" in page
    assert ' UTC" data-relative>' in page


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_a_zone_that_does_not_exist_is_utc(zone: str, client_of: ClientOf) -> None:
    client = client_of("support")
    chosen(client, zone)
    assert "partnerbus_zone" not in client.cookies
    client.cookies["partnerbus_zone"] = zone
    assert 'data-zone=""' in client.get("/operators/audit-log").content.decode()


def test_choosing_leads_back_to_our_own_pages_only(client: Client) -> None:
    assert client.post("/zone", {"zone": "UTC", "next": "https://example.com/"}).headers["Location"] == "/"
