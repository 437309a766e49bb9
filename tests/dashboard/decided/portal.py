"""The pages of tenants, and those that are opened by a link alone."""

from tests.dashboard.cast import STAFF
from tests.dashboard.decisions import Decisions, everybody, only

# Staff see a tenant's portal as its people do.
READERS = only("tenant viewer", "tenant admin", *STAFF)


def acting(status: int) -> dict[str, int]:
    """What changes something: for the tenant's admins, and for the staff who act on tenants."""
    return only("tenant admin", "support", "operations", status=status, among=("tenant viewer", "manager"))


DECIDED: Decisions = {
    "hand-off/<str:token>": ("GET", "/hand-off/forged", everybody(404)),
    "hand-off/<str:token>/kit/<str:key>": ("GET", "/hand-off/forged/kit/cli", everybody(404)),
    "portal-link/<str:token>": ("GET", "/portal-link/forged", everybody(410)),
    "portal-over": ("GET", "/portal-over", everybody(200)),
    "portal/<str:tenant>/": ("GET", "/portal/{alder}/", READERS),
    "portal/<str:tenant>/leave": (
        "POST",
        "/portal/{alder}/leave",
        only("tenant viewer", "tenant admin", *STAFF, status=302),
    ),
}
