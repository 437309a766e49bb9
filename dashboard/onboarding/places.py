"""Where an item of the checklist is worked on: the page to go to from what it asks for."""

from dataclasses import dataclass

from django.urls import reverse

from integrations.onboarding.models import ChecklistItem

DEVELOPMENT = ("onboarding_development", "To development")
VALIDATION = ("onboarding_validation", "To the validation")
QUESTIONNAIRE = ("onboarding_questionnaire", "To the questionnaire")
GO_LIVE = ("onboarding_go_live", "To going live")
PRODUCT = ("onboarding_edit", "Edit the product")
ROUTES = {
    "contacts-named": PRODUCT,
    "landing-page-given": PRODUCT,
    "approval-received": ("onboarding_approval", "Record the approval"),
    "rule-delivered": DEVELOPMENT,
    "types-few": ("onboarding_event_types", "To the event types"),
    "types-impersonal": ("onboarding_event_types", "To the event types"),
    "questionnaire-received": QUESTIONNAIRE,
    "diagrams-drawn": QUESTIONNAIRE,
    "use-cases-written": QUESTIONNAIRE,
    "questionnaire-sent": QUESTIONNAIRE,
    "validation-dated": VALIDATION,
    "expiry-handled": VALIDATION,
    "demonstration-rehearsed": VALIDATION,
    "demonstrated": VALIDATION,
    "icon-shown": GO_LIVE,
    "switched-on": GO_LIVE,
}
ENVIRONMENTS = {
    "test-registered": "test",
    "sender-proven": "test",
    "receiver-named": "test",
    "test-enabled": "test",
    "production-registered": "production",
    "production-proven": "production",
    "production-enabled": "production",
}
BY_SLUG = (QUESTIONNAIRE, VALIDATION, GO_LIVE)


@dataclass(frozen=True, slots=True)
class Place:
    """A page, and what the way to it is called."""

    url: str
    label: str


def place_of_work(item: ChecklistItem) -> Place | None:
    """Return where this item is worked on; None where that is outside of this product."""
    integration = item.stage.integration
    if kind := ENVIRONMENTS.get(item.key):
        url = reverse("onboarding_environment", args=[integration.public_id, kind])
        return Place(url, f"Change the {kind} environment")
    if item.key == "request-sent":
        url = reverse("onboarding_integration", args=[integration.public_id])
        return Place(f"{url}#letters", "To the letters")
    found = ROUTES.get(item.key) or (DEVELOPMENT if item.stage.number == 2 and item.proof == "automatic" else None)
    if found is None:
        return None
    return Place(reverse(found[0], args=[integration.slug if found in BY_SLUG else integration.public_id]), found[1])
