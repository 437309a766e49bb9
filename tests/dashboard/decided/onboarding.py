"""The pages of partner managers. No integration exists here: who may open a page of one is told that there is none."""

from tests.dashboard.cast import STAFF
from tests.dashboard.decisions import ALL_STAFF, Decisions, only

NOBODYS = ALL_STAFF | dict.fromkeys(STAFF, 404)
ACTS_ON_NOBODY = only("manager", "operations", status=404, among=("support",))
READ = (
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
ACT = (
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


def path_of(page: str) -> str:
    for part, value in PARTS.items():
        page = page.replace(part, value)
    return f"/onboarding/nothing/{page}"


DECIDED: Decisions = {
    **{f"onboarding/<slug:integration>/{page}": ("GET", path_of(page), NOBODYS) for page in READ},
    **{f"onboarding/<slug:integration>/{page}": ("POST", path_of(page), ACTS_ON_NOBODY) for page in ACT},
}
