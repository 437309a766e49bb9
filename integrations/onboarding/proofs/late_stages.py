"""Proofs of stages 3 and 4: what was sent to AWS, agreed with it, shown to it, and what it shows of us."""

from django.db.models import QuerySet

from integrations.onboarding.appointment import appointment_of, spoken
from integrations.onboarding.models import Letter, Questionnaire, ValidationRun
from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds, moment


def questionnaire_sent(facts: Facts) -> Finding:
    """The letter with the questionnaire went out, and no later revision was approved since it was written."""
    sent = facts.integration.letters.filter(kind=Letter.Kind.QUESTIONNAIRE, state=Letter.State.SENT)
    letter = sent.order_by("-sent_at").first()
    if letter is None or letter.sent_at is None:
        return fails("Approve the questionnaire and send the letter with its PDF.")
    if Questionnaire.objects.filter(integration=facts.integration, approved_at__gt=letter.created_at).exists():
        return fails("Another revision was approved after the letter was written: send that one too.")
    return holds(
        f"Sent to {letter.to}.",
        letter=str(letter.public_id),
        message_id=letter.message_id,
        at=moment(letter.sent_at),
        way=letter.get_sent_way_display(),
    )


def validation_dated(facts: Facts) -> Finding:
    """There is a date for the validation, and nobody has called it off."""
    standing = appointment_of(facts.integration)
    if standing is None:
        return fails("Write down the date that AWS named for the validation.")
    return holds(f"{spoken(standing)}.", at=moment(standing.starts_at), time_zone=standing.time_zone)


def demonstration_rehearsed(facts: Facts) -> Finding:
    """The last run whose result was recorded passed, whatever it was for."""
    return _passed(
        facts.integration.validation_runs.all(),
        "Run the rehearsal to its end and record that it passed.",
        "The last run failed: mend what stopped it, and rehearse again.",
    )


def demonstrated(facts: Facts) -> Finding:
    """The last demonstration to AWS passed."""
    return _passed(
        facts.integration.validation_runs.filter(kind=ValidationRun.Kind.REAL),
        "Run the demonstration to AWS and record that it passed.",
        "The last demonstration to AWS failed: mend what stopped it, and show it again.",
    )


def icon_shown(facts: Facts) -> Finding:
    """Somebody wrote down since when AWS shows our icon."""
    since = facts.profile.icon_enabled_at
    if since is None:
        return fails("Look at AWS's partner screen, and write down beside going live since when it shows our icon.")
    return holds(f"Shown since {since:%d %b %Y}.", at=moment(since), page=facts.profile.console_page or None)


def _passed(runs: QuerySet[ValidationRun], missing: str, failed: str) -> Finding:
    last = runs.exclude(result=ValidationRun.Result.OPEN).order_by("-result_at", "-pk").first()
    if last is None or last.result_at is None:
        return fails(missing)
    if last.result != ValidationRun.Result.PASSED:
        return fails(failed)
    return holds(
        f"{last.get_kind_display()} passed, recorded by {last.result_by}.",
        run=str(last.public_id),
        report_sha256=last.report_sha256,
        at=moment(last.result_at),
    )


PROOFS = {
    "questionnaire-sent": questionnaire_sent,
    "validation-dated": validation_dated,
    "demonstration-rehearsed": demonstration_rehearsed,
    "demonstrated": demonstrated,
    "icon-shown": icon_shown,
}
