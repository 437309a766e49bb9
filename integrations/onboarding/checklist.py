"""What AWS's four stages ask for: the standard items that every integration begins with.

Stage 1 to 4 follow AWS's partner programme. The long second half of stage 2 is made of the must and should sentences of
the EventBridge partner onboarding guide; AWS's own test plan is not public.
"""

from dataclasses import dataclass

from integrations.onboarding.models import ChecklistItem, Owner

PROVIDER, AWS, TENANT = Owner.PROVIDER, Owner.AWS, Owner.TENANT
AUTOMATIC, MANUAL = ChecklistItem.Proof.AUTOMATIC, ChecklistItem.Proof.MANUAL


@dataclass(frozen=True, slots=True)
class StandardItem:
    """One thing to be done: who does it, and whether facts or a person prove it."""

    key: str
    title: str
    owner: Owner
    proof: ChecklistItem.Proof


@dataclass(frozen=True, slots=True)
class StandardStage:
    """One stage of the programme with its items in the order of work."""

    number: int
    title: str
    items: tuple[StandardItem, ...]


REQUEST = StandardStage(
    1,
    "Request and enable the test account",
    (
        StandardItem("domain-owned", "The domain in the namespace belongs to us", PROVIDER, MANUAL),
        StandardItem("test-registered", "The test environment is registered here", PROVIDER, AUTOMATIC),
        StandardItem("sender-proven", "Our credentials act as the sender account", PROVIDER, AUTOMATIC),
        StandardItem("receiver-named", "A receiver account is named", PROVIDER, AUTOMATIC),
        StandardItem(
            "contacts-named", "The company and its partner network e-mail addresses are named", PROVIDER, AUTOMATIC
        ),
        StandardItem("request-sent", "The request was sent to AWS", PROVIDER, AUTOMATIC),
        StandardItem("approval-received", "AWS approved the request", AWS, MANUAL),
        StandardItem("test-enabled", "AWS enabled the test namespace", AWS, AUTOMATIC),
    ),
)

DEVELOPMENT = StandardStage(
    2,
    "Integration development",
    (
        StandardItem("source-created", "A partner event source is created", PROVIDER, AUTOMATIC),
        StandardItem("arn-stored", "Every source's ARN is stored with its tenant", PROVIDER, AUTOMATIC),
        StandardItem("event-accepted", "An event of a tenant is accepted by AWS", PROVIDER, AUTOMATIC),
        StandardItem("bus-created", "The event bus is created and the source ACTIVE", TENANT, AUTOMATIC),
        StandardItem("rule-delivered", "A rule delivered an event to our receiver account", TENANT, MANUAL),
        StandardItem("created-on-submit", "The source is created on submit, not at first use", PROVIDER, AUTOMATIC),
        StandardItem("region-chosen", "The tenant chooses the region, and the source is in it", PROVIDER, AUTOMATIC),
        StandardItem("generator-permitted", "Only people with the right to a generator connect it", PROVIDER, MANUAL),
        StandardItem("names-unique", "Names of generators are unique over all tenants", PROVIDER, AUTOMATIC),
        StandardItem("sent-while-pending", "Events are sent while the source is PENDING", PROVIDER, AUTOMATIC),
        StandardItem("entries-inspected", "The result of every entry is inspected", PROVIDER, AUTOMATIC),
        StandardItem("retries-selective", "Only entries that can succeed are sent again", PROVIDER, AUTOMATIC),
        StandardItem("gone-handled", "A source that is gone is noticed and marked", PROVIDER, AUTOMATIC),
        StandardItem("batches-bounded", "Requests stay within 20 entries and the size limit", PROVIDER, AUTOMATIC),
        StandardItem("types-few", "There are at most 15 event types", PROVIDER, AUTOMATIC),
        StandardItem("types-impersonal", "Event types carry no personal data", PROVIDER, MANUAL),
        StandardItem("list-and-delete", "People can list and delete sources in our product", PROVIDER, MANUAL),
        StandardItem("deletion-seen", "A source that we delete is gone at AWS", PROVIDER, AUTOMATIC),
        StandardItem("deletion-visible", "A deleted source shows as DELETED at the customer", TENANT, MANUAL),
        StandardItem("recreation-reattaches", "A source created again can be attached again", TENANT, AUTOMATIC),
        StandardItem("expiry-handled", "An offer that expired is noticed and can be repeated", PROVIDER, AUTOMATIC),
        StandardItem("several-regions", "Sources work in more than one region", PROVIDER, AUTOMATIC),
    ),
)

QUESTIONNAIRE = StandardStage(
    3,
    "Questionnaire",
    (
        StandardItem("questionnaire-received", "AWS sent the questionnaire", AWS, MANUAL),
        StandardItem("diagrams-drawn", "The architecture diagrams are drawn", PROVIDER, MANUAL),
        StandardItem("use-cases-written", "The use cases are described", PROVIDER, MANUAL),
        StandardItem("questionnaire-sent", "The completed questionnaire was sent to AWS", PROVIDER, AUTOMATIC),
        StandardItem("validation-dated", "AWS named date and time of the validation", AWS, AUTOMATIC),
    ),
)

VALIDATION = StandardStage(
    4,
    "Validate and enable for production",
    (
        StandardItem("production-registered", "The production environment is registered here", PROVIDER, AUTOMATIC),
        StandardItem("production-proven", "Our credentials act as its publisher account", PROVIDER, AUTOMATIC),
        StandardItem("landing-page-given", "AWS has the page that its customers set up from", PROVIDER, MANUAL),
        StandardItem("demonstration-rehearsed", "The demonstration passed a rehearsal", PROVIDER, AUTOMATIC),
        StandardItem("demonstrated", "The end-to-end flow was demonstrated to AWS", PROVIDER, AUTOMATIC),
        StandardItem("production-enabled", "AWS enabled the production namespace", AWS, AUTOMATIC),
        StandardItem("icon-shown", "Our icon is on AWS's partner screen", AWS, AUTOMATIC),
        StandardItem("switched-on", "The production environment is switched on", PROVIDER, AUTOMATIC),
    ),
)

STAGES = (REQUEST, DEVELOPMENT, QUESTIONNAIRE, VALIDATION)
