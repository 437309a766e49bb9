from datetime import UTC, datetime

import pytest

from integrations.sources.models import Source
from integrations.sources.states import shown_state

AT = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"desired": "absent", "observed": "none", "provisioned_at": AT}, "gone"),
        ({"desired": "absent", "observed": "deleted", "provisioned_at": AT}, "gone"),
        ({"desired": "absent"}, "gone"),
        ({"desired": "absent", "observed": "none", "provisioned_at": AT, "ended": "expired"}, "gone"),
        ({"observed": "none", "provisioned_at": AT, "ended": "expired"}, "expired"),
        ({"observed": "none", "provisioned_at": AT, "ended": "gone"}, "gone"),
        ({"observed": "deleted", "provisioned_at": AT}, "gone"),
        ({"desired": "paused", "observed": "none", "provisioned_at": AT, "ended": "expired"}, "expired"),
        ({"failure_final": True}, "failed"),
        ({"failure_code": "InternalException"}, "requested"),
        ({}, "requested"),
        ({"desired": "paused"}, "requested"),
        ({"desired": "paused", "observed": "active", "provisioned_at": AT}, "paused"),
        ({"observed": "active", "provisioned_at": AT}, "active"),
        ({"desired": "absent", "observed": "active", "provisioned_at": AT}, "active"),
        ({"observed": "pending", "provisioned_at": AT}, "pending"),
        ({"observed": "unknown", "provisioned_at": AT}, "pending"),
        ({"observed": "none", "provisioned_at": AT}, "pending"),
    ],
)
def test_the_first_line_that_fits_is_shown(fields: dict[str, object], shown: str) -> None:
    assert shown_state(Source(**fields)) == shown
