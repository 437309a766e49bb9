"""What each item of the checklist means and how to get there, for whoever reads it for the first time."""

HELP: dict[str, str] = {
    "domain-owned": (
        "AWS puts the domain into every source's name and shows it to customers. Note who owns it and since "
        "when, or add the registrar's confirmation."
    ),
    "test-registered": "Namespace, sender account and regions of the test environment, as AWS is told them.",
    "sender-proven": (
        "Partnerbus asks AWS who it is. The answer has to be the sender account (AccountID1), by its own "
        "credentials or by a role in it."
    ),
    "receiver-named": "A second account of your own plays the customer: AWS calls it AccountID2.",
    "contacts-named": "AWS answers to addresses that are registered in the AWS Partner Network.",
    "request-sent": (
        "The letter of stage 1 is written from what is registered. Send it from here, or record that you sent "
        "it from your mail client."
    ),
    "approval-received": (
        "AWS takes two to three business days. Write the approval down with the namespace that it granted."
    ),
    "test-enabled": (
        "A probe source is made below the namespace, offered to the receiver account, and deleted at once, in "
        "each region."
    ),
    "source-created": "CreatePartnerEventSource towards the receiver account. Holds while AWS has a source of yours.",
    "arn-stored": "AWS answers with the ARN, which is unique to the tenant and region. It stands with the source.",
    "event-accepted": "PutPartnerEvents to the source's name. Accepted is AWS's word; it is not delivered yet.",
    "bus-created": "The receiver makes the event bus of the same name, and AWS calls the source ACTIVE.",
    "rule-delivered": (
        "A rule on the bus sends to a target. Name a role and a queue in the receiver account and it is "
        "proven by itself; else confirm it by hand, with a screenshot."
    ),
    "created-on-submit": (
        "AWS wants the source as soon as the form is sent, and not at the first event. The newest source is measured."
    ),
    "region-chosen": (
        "The tenant picks the region. Every source is where it was asked for, in a region that AWS registered."
    ),
    "generator-permitted": (
        "Only people with the right to a channel, project or organisation may connect it. Note how your "
        "product checks that."
    ),
    "names-unique": "Each name carries a part of its tenant alone, so that two tenants never share a source.",
    "sent-while-pending": (
        "AWS wants events to be sent at once, before the source is accepted. Set the test environment to send "
        "and keep, and send an event while the source is PENDING."
    ),
    "entries-inspected": (
        "A call can fail in part. Switch on a fault of the simulator, or send an entry that AWS refuses, "
        "together with good ones."
    ),
    "retries-selective": "What failed is sent again, and what was accepted is not.",
    "gone-handled": (
        "A source that was deleted or expired is noticed by the next refusal or look, marked, and its queue is kept."
    ),
    "batches-bounded": (
        "At most 20 entries and the size limit in a call: the largest calls are measured. Send several events at once."
    ),
    "types-few": "At most 15 event types are catalogued, and nothing else is posted.",
    "types-impersonal": (
        "AWS and everybody who reads a rule sees the names of event types. Confirm that none holds a name, an "
        "address or an id."
    ),
    "list-and-delete": (
        "People see their sources and can delete them: in the portal, or in your own product through the API."
    ),
    "deletion-seen": "Delete a source and see that AWS has it no more.",
    "deletion-visible": (
        "In the receiver's console the deleted source shows as DELETED while its bus is left. Add a screenshot."
    ),
    "recreation-reattaches": "Make a deleted source again, and attach it again to the bus that was left.",
    "expiry-handled": (
        "AWS deletes an offer that nobody accepts after about a week. Let one expire: it has to be noticed, "
        "and can be made again."
    ),
    "several-regions": "Sources in at least two regions.",
    "questionnaire-received": (
        "AWS sends it when development and testing are done. Its wording is not public: paste it into the "
        "questionnaire."
    ),
    "diagrams-drawn": "How events get from your product to the customer's bus: accounts, regions, what is kept where.",
    "use-cases-written": "What customers do with the events, in their words.",
    "questionnaire-sent": "Approve the questionnaire, and mail it with its diagrams from its page.",
    "validation-dated": (
        "AWS answers with a date and a time. Write both down with their time zone: it makes the calendar file."
    ),
    "production-registered": "Namespace, sender account and regions of production. No name moves over from test.",
    "production-proven": "Partnerbus asks AWS who it is with the credentials of production.",
    "landing-page-given": (
        "AWS's console sends customers to this page to set the integration up: it has to stay where it is."
    ),
    "demonstration-rehearsed": (
        "Run the rehearsal: the whole flow, step by step, and record that it passed. Begin a week earlier, because an "
        "expiry takes days."
    ),
    "demonstrated": (
        "The validation with AWS, shared screen and all: run it here as the demonstration, and record how it went."
    ),
    "production-enabled": "A probe source is made below the production namespace and deleted at once, in each region.",
    "icon-shown": "Look at the list of partners in AWS's console, and write the day down on the page of going live.",
    "switched-on": "From then on tenants connect production by themselves.",
}
