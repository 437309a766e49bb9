"""What the sidebar of staff offers: one list for all faces.

To add a page, add a line. Its address decides which entry is lit: the longest that the visited path begins with.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from dashboard.web.doors import ACT_ON_TENANTS, CONFIGURE, may
from dashboard.web.simulator import console_address
from tenants.models import StaffRole, User

EVERYBODY = (StaffRole.OPERATIONS, StaffRole.MANAGER, StaffRole.SUPPORT)
SIMULATOR = "operator_sandbox"  # offered while the simulator plays AWS
START = "overview"  # what staff see at / too
MAIN, ONBOARDING, SET_UP = "", "Onboarding with AWS", "Set up"


@dataclass(frozen=True, slots=True)
class Entry:
    """A place to go to. One that stands `alone` is not lit by the pages below its address."""

    group: str
    route: str
    icon: str
    label: str
    roles: tuple[StaffRole, ...] = EVERYBODY
    alone: bool = False


ENTRIES = (
    Entry(MAIN, "overview", "layout-dashboard", "Overview", alone=True),
    Entry(MAIN, "operator_tenants", "building-community", "Tenants"),
    Entry(MAIN, "operator_sources", "plug-connected", "Sources"),
    Entry(MAIN, "operator_drift", "refresh-alert", "Drift"),
    Entry(MAIN, "operator_adoption", "upload", "Adoption", CONFIGURE),
    Entry(MAIN, "operator_reprovision", "rotate-clockwise", "Provision again", ACT_ON_TENANTS),
    Entry(MAIN, "operator_events", "list-search", "Events"),
    Entry(MAIN, "operator_replays", "repeat", "Replays"),
    Entry(MAIN, "operator_notifications", "mail", "Notifications"),
    Entry(MAIN, "operator_health", "heartbeat", "Health"),
    Entry(MAIN, "operator_audit", "history", "Audit log"),
    Entry(ONBOARDING, "onboarding_board", "columns-3", "Board"),
    Entry(SET_UP, "operator_integrations", "puzzle", "Integrations"),
    Entry(SET_UP, "operator_environments", "plug-off", "Gates and maintenance"),
    Entry(SET_UP, "operator_brands", "palette", "White label", CONFIGURE),
    Entry(SET_UP, "operator_keys", "key", "API keys"),
    Entry(SET_UP, "operator_style", "adjustments-horizontal", "Style"),
    Entry(SET_UP, SIMULATOR, "flask", "Sandbox"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as somebody sees it."""

    url: str
    icon: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Links below one heading; the first group has none."""

    heading: str
    links: list[Link]


def navigation_of(person: User, path: str) -> list[Group]:
    """Return what this person is offered while at this path; groups without a link are left out."""
    offered = [(entry, reverse(entry.route)) for entry in _offered_to(person)]
    lit = max((url for entry, url in offered if _is_at(path, url, entry)), key=len, default="")
    groups = (
        Group(heading, [Link(url, each.icon, each.label, url == lit) for each, url in offered if each.group == heading])
        for heading in (MAIN, ONBOARDING, SET_UP)
    )
    return [group for group in groups if group.links]


def places_of(person: User) -> Iterator[tuple[str, str, str]]:
    """Yield label, address and icon of every page this person is offered, for the search."""
    for entry in _offered_to(person):
        yield entry.label, reverse(entry.route), entry.icon


def _offered_to(person: User) -> list[Entry]:
    return [entry for entry in ENTRIES if may(person, entry.roles) and (entry.route != SIMULATOR or console_address())]


def _is_at(path: str, url: str, entry: Entry) -> bool:
    return (
        path == url
        or (path == "/" and entry.route == START)
        or (not entry.alone and path.startswith(url.rstrip("/") + "/"))
    )
