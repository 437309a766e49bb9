"""The pages of tenants, and those that are opened by a link alone."""

from tests.dashboard.cast import STAFF
from tests.dashboard.decisions import Decisions, everybody, only

# Staff see a tenant's portal as its people do.
READERS = only("tenant viewer", "tenant admin", *STAFF)


# The door is open to them, and behind it is no such object.
NOWHERE = only("tenant viewer", "tenant admin", *STAFF, status=404)


def acting(status: int) -> dict[str, int]:
    """What changes something: for the tenant's admins, and for the staff who act on tenants."""
    return only("tenant admin", "support", "operations", status=status, among=("tenant viewer", "manager"))


DECIDED: Decisions = {
    "hand-off/<str:token>": ("GET", "/hand-off/forged", everybody(404)),
    "hand-off/<str:token>/kit/<str:key>": ("GET", "/hand-off/forged/kit/cli", everybody(404)),
    "portal-link/<str:token>": ("GET", "/portal-link/forged", everybody(410)),
    "portal-over": ("GET", "/portal-over", everybody(200)),
    "portal/<str:tenant>/": ("GET", "/portal/{alder}/", READERS),
    "invitations/<str:token>": ("GET", "/invitations/forged", everybody(410)),
    "portal/<str:tenant>/connect": ("GET", "/portal/{alder}/connect", acting(200)),
    "portal/<str:tenant>/no-events": ("GET", "/portal/{alder}/no-events", READERS),
    "portal/<str:tenant>/sources/<str:source>": ("GET", "/portal/{alder}/sources/{nothing}", NOWHERE),
    **{
        f"portal/<str:tenant>/sources/<str:source>/{action}": (
            method,
            f"/portal/{{alder}}/sources/{{nothing}}/{action}",
            acting(404),
        )
        for method, action in (
            ("GET", "selection"),
            ("GET", "delete"),
            ("GET", "hand-over"),
            ("POST", "pause"),
            ("POST", "resume"),
            ("POST", "offer-again"),
            ("POST", "test"),
        )
    },
    "portal/<str:tenant>/sources/<str:source>/hand-over/<str:link>/withdraw": (
        "POST",
        "/portal/{alder}/sources/{nothing}/hand-over/{nothing}/withdraw",
        acting(404),
    ),
    "portal/<str:tenant>/sources/<str:source>/kit/<str:key>": (
        "GET",
        "/portal/{alder}/sources/{nothing}/kit/cli",
        NOWHERE,
    ),
    "portal/<str:tenant>/deliveries": ("GET", "/portal/{alder}/deliveries", READERS),
    "portal/<str:tenant>/deliveries/replay": ("GET", "/portal/{alder}/deliveries/replay", acting(200)),
    "portal/<str:tenant>/deliveries/<str:event>": ("GET", "/portal/{alder}/deliveries/{nothing}", NOWHERE),
    "portal/<str:tenant>/deliveries/<str:event>/replay": (
        "POST",
        "/portal/{alder}/deliveries/{nothing}/replay",
        acting(404),
    ),
    "portal/<str:tenant>/replays/<str:replay>": ("GET", "/portal/{alder}/replays/{nothing}", NOWHERE),
    "portal/<str:tenant>/replays/<str:replay>/cancel": (
        "POST",
        "/portal/{alder}/replays/{nothing}/cancel",
        acting(404),
    ),
    "portal/<str:tenant>/members": ("GET", "/portal/{alder}/members", READERS),
    "portal/<str:tenant>/members/invite": ("POST", "/portal/{alder}/members/invite", acting(422)),
    "portal/<str:tenant>/members/<str:person>/role": ("POST", "/portal/{alder}/members/{nothing}/role", acting(404)),
    "portal/<str:tenant>/members/<str:person>/remove": ("GET", "/portal/{alder}/members/{nothing}/remove", acting(404)),
    "portal/<str:tenant>/invitations/<str:invitation>/resend": (
        "POST",
        "/portal/{alder}/invitations/{nothing}/resend",
        acting(404),
    ),
    "portal/<str:tenant>/invitations/<str:invitation>/withdraw": (
        "POST",
        "/portal/{alder}/invitations/{nothing}/withdraw",
        acting(404),
    ),
    "portal/<str:tenant>/visits/<str:session>/end": ("POST", "/portal/{alder}/visits/{nothing}/end", acting(302)),
    "portal/<str:tenant>/preferences": ("GET", "/portal/{alder}/preferences", READERS),
    "portal/<str:tenant>/leave": (
        "POST",
        "/portal/{alder}/leave",
        only("tenant viewer", "tenant admin", *STAFF, status=302),
    ),
}
