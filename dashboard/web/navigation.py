"""What the sidebar of staff offers: one list for all faces. An entry is shown from the day its route exists.

To add a page, add a line. Its address decides which entry is lit: the longest that the visited path begins with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.cache import cache
from django.urls import NoReverseMatch, reverse

from dashboard.web.counters import Count
from dashboard.web.doors import ACT_ON_TENANTS, CONFIGURE, may
from dashboard.web.simulator import console_address
from tenants.models import StaffRole, User

EVERYBODY = (StaffRole.OPERATIONS, StaffRole.MANAGER, StaffRole.SUPPORT)
OPERATIONS = CONFIGURE
SIMULATOR = "operator_sandbox"  # offered while the simulator plays AWS
START = "overview"  # what staff see at / too
MAIN, ONBOARDING, SET_UP = "", "Onboarding with AWS", "Set up"
COUNTED_FOR_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Entry:
    """A place to go to. `counter` says what there needs somebody; it is asked every COUNTED_FOR_SECONDS at most.

    An entry that stands `alone` is not lit by the pages below its address.
    """

    group: str
    route: str
    icon: str
    label: str
    roles: tuple[StaffRole, ...] = EVERYBODY
    counter: Callable[[], Count | None] | None = None
    alone: bool = False


ENTRIES = (
    Entry(MAIN, "overview", "layout-dashboard", "Overview", alone=True),
    Entry(MAIN, "operator_tenants", "building-community", "Tenants"),
    Entry(MAIN, "operator_sources", "plug-connected", "Sources"),
    Entry(MAIN, "operator_drift", "refresh-alert", "Drift"),
    Entry(MAIN, "operator_adoption", "upload", "Adoption", OPERATIONS),
    Entry(MAIN, "operator_reprovision", "rotate-clockwise", "Provision again", ACT_ON_TENANTS),
    Entry(MAIN, "operator_events", "list-search", "Events"),
    Entry(MAIN, "operator_replays", "repeat", "Replays"),
    Entry(MAIN, "operator_notifications", "mail", "Notifications"),
    Entry(MAIN, "operator_health", "heartbeat", "Health"),
    Entry(MAIN, "operator_audit", "history", "Audit log"),
    Entry(ONBOARDING, "onboarding_board", "columns-3", "Board"),
    Entry(SET_UP, "operator_integrations", "puzzle", "Integrations"),
    Entry(SET_UP, "operator_environments", "plug-off", "Gates and maintenance"),
    Entry(SET_UP, "operator_brands", "palette", "White label", OPERATIONS),
    Entry(SET_UP, "operator_keys", "key", "API keys"),
    Entry(SET_UP, "operator_people", "users", "People"),
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
    count: Count | None


@dataclass(frozen=True, slots=True)
class Group:
    """Links below one heading; the first group has none."""

    heading: str
    links: list[Link]


def navigation_of(person: User, path: str) -> list[Group]:
    """Return what this person is offered while at this path; groups without a link are left out."""
    offered = [(entry, url) for entry in ENTRIES if may(person, entry.roles) and (url := _url(entry))]
    lit = max((url for entry, url in offered if _is_at(path, url, entry)), key=len, default="")
    groups = (
        Group(heading, [_link(entry, url, lit) for entry, url in offered if entry.group == heading])
        for heading in (MAIN, ONBOARDING, SET_UP)
    )
    return [group for group in groups if group.links]


def places_of(person: User) -> Iterator[tuple[str, str, str]]:
    """Yield label, address and icon of every page this person is offered, for the search."""
    for entry in ENTRIES:
        if may(person, entry.roles) and (url := _url(entry)):
            yield entry.label, url, entry.icon


def _url(entry: Entry) -> str:
    if entry.route == SIMULATOR and not console_address():
        return ""
    try:
        return reverse(entry.route)
    except NoReverseMatch:
        return ""


def _is_at(path: str, url: str, entry: Entry) -> bool:
    return (
        path == url
        or (path == "/" and entry.route == START)
        or (not entry.alone and path.startswith(url.rstrip("/") + "/"))
    )


def _link(entry: Entry, url: str, lit: str) -> Link:
    return Link(url, entry.icon, entry.label, url == lit, _count(entry))


def _count(entry: Entry) -> Count | None:
    if entry.counter is None:
        return None
    key = f"navigation:{entry.route}"
    kept: tuple[Count | None] | None = cache.get(key)
    if kept is None:
        kept = (entry.counter(),)
        cache.set(key, kept, COUNTED_FOR_SECONDS)
    return kept[0]
