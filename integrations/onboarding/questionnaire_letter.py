"""The letter that takes the questionnaire to AWS: its PDF and the files that go along."""

from datetime import datetime

from integrations.onboarding.attachments import add_attachment
from integrations.onboarding.letters import LARGEST_ENCLOSURES, draft_letter
from integrations.onboarding.models import Attachment, Letter, Profile
from integrations.onboarding.questionnaire_document import pdf_of
from integrations.onboarding.questionnaire_reading import Filled
from integrations.onboarding.typesetting import TypesettingFailed
from integrations.problems import Problem
from tenants.audit import Actor

STAGE = 3


def draft_questionnaire_letter(*, whole: Filled, actor: Actor, now: datetime) -> Letter:
    """Write the draft of a letter with the approved questionnaire as PDF, and its diagrams.

    Raises Problem 409 `questionnaire_not_approved`, 503 `pdf_not_made`, and what `draft_letter` raises.
    """
    questionnaire = whole.questionnaire
    if questionnaire.approved_at is None:
        raise Problem(
            409, "questionnaire_not_approved", "Approve the questionnaire first: AWS gets what somebody has reviewed."
        )
    try:
        content = pdf_of(whole)
    except TypesettingFailed as failure:
        raise Problem(
            503,
            "pdf_not_made",
            "The PDF could not be made. Try again, or send the Markdown text.",
            failure=str(failure),
        ) from failure
    integration = questionnaire.integration
    name = f"questionnaire-{integration.slug}-revision-{questionnaire.revision}.pdf"
    pdf = add_attachment(integration=integration, name=name, content=content, actor=actor, now=now)
    profile = Profile.objects.filter(integration=integration).first() or Profile(integration=integration)
    return draft_letter(
        integration=integration,
        stage=STAGE,
        kind=Letter.Kind.QUESTIONNAIRE,
        subject=f"EventBridge partner questionnaire: {profile.company or integration.name}",
        body=_body(whole, profile),
        cc=profile.partner_emails,
        reply_to=next(iter(profile.partner_emails), ""),
        attachments=_enclosures(pdf, whole),
        actor=actor,
        now=now,
    )


def _enclosures(pdf: Attachment, whole: Filled) -> list[Attachment]:
    """The PDF, and of the files as many as a mail server takes; their names and hashes stand in the PDF."""
    chosen, room = [pdf], LARGEST_ENCLOSURES - pdf.size
    for file in whole.files.values():
        if file.size <= room:
            chosen.append(file)
            room -= file.size
    return chosen


def _body(whole: Filled, profile: Profile) -> str:
    integration = whole.questionnaire.integration
    accounts = [str(whole.values[key]) for key in ("sender_account", "receiver_account") if whole.values.get(key)]
    lines = [
        "Dear EventBridge partner team,",
        "",
        f"please find attached the completed questionnaire for {integration.name}"
        + (f" by {profile.company}." if profile.company else "."),
        f"It concerns the AWS accounts {' and '.join(accounts)}." if accounts else "",
        "",
        "We are ready to demonstrate the end-to-end flow. Please let us know a date and time for the validation.",
        "",
        "Kind regards",
    ]
    return "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before)
