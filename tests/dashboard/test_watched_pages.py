"""Pages of one source that waits for AWS: while one is open, AWS is asked at once and not in a minute."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.sources.models import Source
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, MakeSource

LATER = timedelta(minutes=1)


@pytest.fixture(params=["portal", "operators"])
def seen(request: pytest.FixtureRequest, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> Source:
    """Return a source that is due in a minute, after somebody's page of it refreshed itself."""
    source = make_source(cast.alder, observed="pending", due_at=timezone.now() + LATER)
    client, path = {
        "portal": (client_of("tenant admin"), f"/portal/{cast.alder.public_id}/sources/{source.public_id}"),
        "operators": (client_of("support"), f"/operators/sources/{source.public_id}"),
    }[request.param]
    assert client.get(path, headers=HTMX).status_code == 200
    source.refresh_from_db()
    return source


def test_aws_is_asked_at_once_while_a_page_of_a_waiting_source_is_open(seen: Source) -> None:
    assert seen.due_at is not None
    assert seen.due_at <= timezone.now()
    assert seen.watched_until is not None
