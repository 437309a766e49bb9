"""The pages of partner managers: all staff read them, partner managers and operations act."""

from tests.dashboard.cast import STAFF
from tests.dashboard.decisions import ALL_STAFF, Decisions, only

# The door is open to them, and behind it is no such integration.
READ = only(*STAFF, status=404)


def acting(status: int) -> dict[str, int]:
    """What changes something; support reads."""
    return only("manager", "operations", status=status, among=("support",))


LATE_READ = (
    "questionnaire",
    "questionnaire/answers/<slug:key>/earlier",
    "questionnaire/questions.json",
    "questionnaire/pdf",
    "questionnaire/markdown",
    "validation",
    "validation/calendar",
    "validation/runs/<uuid:run>",
    "validation/runs/<uuid:run>/report",
    "validation/runs/<uuid:run>/report/json",
    "validation/runs/<uuid:run>/report/pdf",
    "go-live",
)
LATE_ACT = (
    "questionnaire/begin",
    "questionnaire/answers/<slug:key>",
    "questionnaire/questions",
    "questionnaire/approve",
    "questionnaire/reopen",
    "questionnaire/letter",
    "questionnaire/letters/<uuid:letter>/send",
    "questionnaire/letters/<uuid:letter>/answer",
    "validation/appointment",
    "validation/called-off",
    "validation/expiry",
    "validation/runs",
    "validation/runs/<uuid:run>/do/<slug:act>",
    "go-live/check",
    "go-live/on",
    "go-live/off",
    "go-live/listing",
)
PARTS = {"<slug:key>": "summary", "<uuid:run>": "{nothing}", "<uuid:letter>": "{nothing}", "<slug:act>": "pause"}


def late_path(page: str) -> str:
    for part, value in PARTS.items():
        page = page.replace(part, value)
    return f"/onboarding/nothing/{page}"


ONE = "onboarding/integrations/<str:integration>"
NOTHING = "/onboarding/integrations/{nothing}"


def readable(*routes: str) -> Decisions:
    return {f"{ONE}{route}": ("GET", NOTHING + filled(route), READ) for route in routes}


def changing(method: str, *routes: str) -> Decisions:
    return {f"{ONE}{route}": (method, NOTHING + filled(route), acting(404)) for route in routes}


def filled(route: str) -> str:
    """Write something into the parts of a route that name it."""
    for part in ("letter", "item", "file", "event_type"):
        route = route.replace(f"<str:{part}>", "{nothing}")
    return (
        route.replace("<slug:kind>", "test")
        .replace("<int:number>", "1")
        .replace("<slug:verb>", "due")
        .replace("<slug:key>", "cli")
    )


DECIDED: Decisions = {
    **{f"onboarding/<slug:integration>/{page}": ("GET", late_path(page), READ) for page in LATE_READ},
    **{f"onboarding/<slug:integration>/{page}": ("POST", late_path(page), acting(404)) for page in LATE_ACT},
    "onboarding/board": ("GET", "/onboarding/board", ALL_STAFF),
    "onboarding/new": ("GET", "/onboarding/new", acting(200)),
    **readable(
        "",
        "/timeline",
        "/files/<str:file>",
        "/development",
        "/development/kit/<slug:key>",
        "/event-types",
        "/letters/<str:letter>",
        "/items/<str:item>",
    ),
    **changing(
        "GET",
        "/files/<str:file>/remove",
        "/edit",
        "/environments/<slug:kind>",
        "/receiver",
        "/hand-over",
        "/archive",
        "/approval",
        "/event-types/new",
        "/event-types/<str:event_type>",
        "/event-types/<str:event_type>/remove",
    ),
    **changing(
        "POST",
        "/comments",
        "/files",
        "/stages/<int:number>/<slug:verb>",
        "/development/<slug:verb>",
        "/letters",
        "/letters/<str:letter>/draft",
        "/letters/<str:letter>/<slug:verb>",
        "/items/<str:item>/confirm",
        "/items/<str:item>/reopen",
        "/items/<str:item>/check",
        "/items/<str:item>/assign",
        "/items/<str:item>/comments",
        "/items/<str:item>/files",
    ),
}
