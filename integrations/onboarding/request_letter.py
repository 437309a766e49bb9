"""The letter of stage 1, written from what is registered, and the reminder when AWS does not answer."""

from datetime import datetime
from urllib.parse import quote, urlencode

from integrations.onboarding.letters import draft_letter
from integrations.onboarding.models import Letter
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor

REQUEST = """Hello EventBridge partner team,

{company} would like to take part in the EventBridge partner programme with {product}.
Please enable the test namespace below.

Company:                     {company}
Product:                     {product}
Domain:                      {domain}
Test namespace:              {namespace}
AccountID1 (sender):         {sender}
AccountID2 (receiver):       {receivers}
Regions:                     {regions}
APN partner e-mail:          {emails}
{landing_page}{event_types}
Kind regards
{writer}
{company}
"""
REMINDER = """Hello EventBridge partner team,

on {sent:%d %B %Y} we sent you the message below and have not had an answer yet. Could you let us know where it stands?

Kind regards
{writer}

----
{body}"""


def missing_for_request(integration: Integration) -> list[str]:
    """Return what the request cannot do without and is not there yet, in words for a list."""
    profile, environment = integration.profile, _test(integration)
    wanted = {
        "the company": profile.company,
        "the domain": profile.domain,
        "an APN partner e-mail address": profile.partner_emails,
        "the test environment": environment,
        "the sender account": environment and environment.publisher_account,
        "a receiver account": environment and environment.receiver_accounts,
        "a region": environment and environment.regions,
    }
    return [name for name, value in wanted.items() if not value]


def draft_request(*, integration: Integration, actor: Actor, now: datetime) -> Letter:
    """Write the request as a draft. Raises Problem 409 `request_incomplete` with what is missing."""
    if missing := missing_for_request(integration):
        raise Problem(409, "request_incomplete", f"The request needs {', '.join(missing)}: fill that in first.")
    environment = _test(integration)
    assert environment is not None
    profile, types = integration.profile, integration.catalogued_types.values_list("name", flat=True)
    body = REQUEST.format(
        company=profile.company,
        product=integration.name,
        domain=profile.domain,
        namespace=environment.namespace,
        sender=environment.publisher_account,
        receivers=", ".join(environment.receiver_accounts),
        regions=", ".join(environment.regions),
        emails=", ".join(profile.partner_emails),
        landing_page=f"Page for our customers:      {profile.landing_page}\n" if profile.landing_page else "",
        event_types=f"Event types:                 {', '.join(types)}\n" if types else "",
        writer=actor.label,
    )
    return draft_letter(
        integration=integration,
        stage=1,
        kind=Letter.Kind.REQUEST,
        subject=f"{integration.name}: test account for the EventBridge partner programme"[:250],
        body=body,
        cc=profile.partner_emails,
        reply_to=_reply_to(actor),
        actor=actor,
        now=now,
    )


def draft_reminder(*, letter: Letter, actor: Actor, now: datetime) -> Letter:
    """Write a reminder of a letter that was sent. Raises Problem 409 `letter_not_sent`."""
    if letter.sent_at is None:
        raise Problem(409, "letter_not_sent", "Only a letter that was sent can be reminded of.")
    quoted = "".join(f"> {line}\n" for line in letter.body.splitlines())
    return draft_letter(
        integration=letter.integration,
        stage=letter.stage,
        kind=Letter.Kind.REMINDER,
        subject=f"Reminder: {letter.subject}"[:250],
        body=REMINDER.format(sent=letter.sent_at, writer=actor.label, body=quoted)[:100_000],
        to=letter.to,
        cc=letter.cc,
        reply_to=_reply_to(actor),
        about=letter,
        actor=actor,
        now=now,
    )


def mail_client_link(letter: Letter) -> str:
    """Return a `mailto:` address with the whole letter but its files, for somebody's own mail client (RFC 6068)."""
    fields = {"cc": ",".join(letter.cc), "subject": letter.subject, "body": letter.body.replace("\n", "\r\n")}
    given = {name: value for name, value in fields.items() if value}
    return f"mailto:{quote(letter.to, safe='@')}?{urlencode(given, quote_via=quote)}"


def _test(integration: Integration) -> Environment | None:
    return integration.environments.filter(kind=Environment.Kind.TEST).first()


def _reply_to(actor: Actor) -> str:
    return actor.label if "@" in actor.label and " " not in actor.label else ""
