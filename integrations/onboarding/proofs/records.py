"""Proofs from what is registered and written down here."""

from integrations.onboarding.models import Letter
from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds, moment
from integrations.registration.models import Environment


def test_registered(facts: Facts) -> Finding:
    """The test environment has all that AWS asks for."""
    return _registered(facts.test, "test")


def production_registered(facts: Facts) -> Finding:
    """The production environment has all that AWS asks for."""
    return _registered(facts.production, "production")


def receiver_named(facts: Facts) -> Finding:
    """There is an account that receives the test events, and it is not the sender."""
    environment = facts.test
    others = (
        [each for each in environment.receiver_accounts if each != environment.publisher_account] if environment else []
    )
    if environment is None or not others:
        return fails("Name a receiver account (AccountID2) of your own that is not the sender account.")
    return holds(f"Account {others[0]} receives the test events.", accounts=others)


def contacts_named(facts: Facts) -> Finding:
    """AWS has somebody to answer to."""
    if not facts.profile.company:
        return fails("Name the company.")
    if not facts.profile.partner_emails:
        return fails("Name at least one e-mail address that is registered in the AWS Partner Network.")
    return holds("AWS is told whom to answer.", emails=facts.profile.partner_emails, company=facts.profile.company)


def request_sent(facts: Facts) -> Finding:
    """The letter went out, and it speaks of what is registered now."""
    letter = (
        facts.integration.letters.filter(kind=Letter.Kind.REQUEST, state=Letter.State.SENT).order_by("-sent_at").first()
    )
    if letter is None or letter.sent_at is None:
        return fails("Write the request and send it, or record that it was sent from a mail client.")
    environment = facts.test
    if environment and environment.publisher_account not in letter.body:
        return fails(
            f"The request that was sent does not name the sender account {environment.publisher_account}, which is "
            "registered now. Tell AWS of the change."
        )
    return holds(
        f"Sent to {letter.to}.",
        letter=str(letter.public_id),
        message_id=letter.message_id,
        at=moment(letter.sent_at),
        way=letter.get_sent_way_display(),
    )


def switched_on(facts: Facts) -> Finding:
    """Tenants may connect production."""
    environment = facts.production
    if environment is None or environment.enabled_at is None:
        return fails("Switch the production environment on: go live.")
    return holds("Tenants connect production by themselves.", at=moment(environment.enabled_at))


def _registered(environment: Environment | None, kind: str) -> Finding:
    if environment is None:
        return fails(f"Register the {kind} environment: its namespace, the sender account and its regions.")
    if not environment.publisher_account:
        return fails(f"Name the sender account (AccountID1) of the {kind} environment.")
    if not environment.regions:
        return fails(f"Name at least one region of the {kind} environment.")
    return holds(
        f"{environment.namespace} in {', '.join(environment.regions)}.",
        namespace=environment.namespace,
        account=environment.publisher_account,
        regions=environment.regions,
    )


PROOFS = {
    "test-registered": test_registered,
    "production-registered": production_registered,
    "receiver-named": receiver_named,
    "contacts-named": contacts_named,
    "request-sent": request_sent,
    "switched-on": switched_on,
}
