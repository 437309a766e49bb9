"""The survey: list what AWS has under a namespace, page by page, and find what differs from our rows.

Rows are the queue. A step is one call to AWS; its outcome and the cursor are committed together, so a survey that is
killed anywhere goes on where it was.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from integrations.aws import partner_sources
from integrations.aws.errors import AwsError, RetryClass, SourceNotFound
from integrations.reconciliation.comparing import compare, judge
from integrations.reconciliation.drifts import resolve_unseen
from integrations.reconciliation.models import Listing, Survey
from integrations.registration.models import Environment
from integrations.sources.budget import Place
from integrations.sources.timing import next_try
from tenants import audit
from tenants.audit import Actor

CLAIM = timedelta(minutes=1)
FAILURE = ("failure", "failure_code", "failure_message")


def plan_surveys(now: datetime) -> None:
    """Have a row for each environment and region, due at once where it is new."""
    known = set(Survey.objects.values_list("environment_id", "region"))
    environments = Environment.objects.exclude(publisher_account="").only("id", "regions")
    wanted = {(environment.pk, region) for environment in environments for region in environment.regions}
    rows = [Survey(environment_id=pk, region=region, due_at=now) for pk, region in sorted(wanted - known)]
    Survey.objects.bulk_create(rows, ignore_conflicts=True)


def survey_everything(*, actor: Actor, now: datetime) -> None:
    """Let every survey begin at once; one that is under way just goes on."""
    plan_surveys(now)
    with transaction.atomic():
        begun = Survey.objects.filter(phase=Survey.Phase.IDLE).update(due_at=now)
        audit.record(
            actor=actor, action="survey:request", at=now, object_type="survey", object_id="all", after={"begun": begun}
        )


def claim_survey(now: datetime) -> Survey | None:
    """Claim the next due survey for a minute."""
    with transaction.atomic():
        due = Survey.objects.filter(due_at__lte=now).order_by("due_at").select_related("environment")
        survey = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
        if survey is not None:
            survey.due_at = now + CLAIM
            survey.save(update_fields=["due_at"])
    return survey


def place_of(survey: Survey) -> Place:
    """Return what its calls are counted by."""
    return Place(survey.environment.publisher_account, survey.region)


def advance_survey(survey: Survey, clock: Callable[[], datetime]) -> None:
    """Take the claimed survey one call further. What fails is repeated later, and later each time."""
    try:
        if survey.phase == Survey.Phase.ASKING:
            _ask_next(survey, clock)
        else:
            _list_next(survey, clock)
    except AwsError as error:
        _set_back(survey, error, clock())


def _list_next(survey: Survey, clock: Callable[[], datetime]) -> None:
    if survey.phase == Survey.Phase.IDLE:
        survey.phase, survey.run, survey.token, survey.listed = Survey.Phase.LISTING, survey.run + 1, "", 0
        survey.started_at = clock()
        survey.save(update_fields=["phase", "run", "token", "listed", "started_at"])
    environment = survey.environment
    prefix = f"{environment.namespace}/"
    found, token = partner_sources.list_page(environment.publisher, survey.region, prefix, survey.token)
    names = {source.name for source in found} - _of_inner_namespaces(environment, {source.name for source in found})
    with transaction.atomic():
        Listing.objects.bulk_create(
            [Listing(survey=survey, name=name, run=survey.run) for name in sorted(names)],
            update_conflicts=True,
            unique_fields=["survey", "name"],
            update_fields=["run"],
        )
        survey.token, survey.listed = token, survey.listed + len(names)
        if not token:
            compare(survey, clock())
            survey.phase = Survey.Phase.ASKING
        _go_on(survey, clock())


def _of_inner_namespaces(environment: Environment, names: set[str]) -> set[str]:
    """Return the names that belong to an environment whose namespace lies below this one: AWS compares prefixes."""
    inner = Environment.objects.filter(namespace__startswith=f"{environment.namespace}/")
    prefixes = tuple(f"{namespace}/" for namespace in inner.values_list("namespace", flat=True))
    return {name for name in names if prefixes and name.startswith(prefixes)}


def _ask_next(survey: Survey, clock: Callable[[], datetime]) -> None:
    listing = survey.listings.filter(to_ask=True).order_by("pk").first()
    if listing is None:
        _finish(survey, clock())
        return
    try:
        accounts = partner_sources.accounts_of(survey.environment.publisher, survey.region, listing.name)
    except SourceNotFound:
        accounts = []
    with transaction.atomic():
        judge(survey, listing.name, [row.account for row in accounts if row.state != "DELETED"], clock())
        Listing.objects.filter(pk=listing.pk).update(to_ask=False)
        _go_on(survey, clock())


def _finish(survey: Survey, now: datetime) -> None:
    with transaction.atomic():
        Listing.objects.filter(survey=survey).exclude(run=survey.run).delete()
        resolve_unseen(survey, now)
        survey.phase, survey.finished_at = Survey.Phase.IDLE, now
        _go_on(survey, now)
        survey.due_at = now + timedelta(hours=settings.SURVEY_HOURS)
        survey.save(update_fields=["due_at"])


def _go_on(survey: Survey, now: datetime) -> None:
    survey.due_at, survey.tries = now, 0
    survey.failure = survey.failure_code = survey.failure_message = ""
    survey.save(update_fields=["phase", "token", "listed", "finished_at", "due_at", "tries", *FAILURE])


def _set_back(survey: Survey, error: AwsError, now: datetime) -> None:
    survey.tries = min(survey.tries + 1, 1_000)
    if error.retry_class == RetryClass.FINAL:
        survey.token = ""  # AWS's cursor may have expired: the pages are read again from the first
    survey.failure, survey.failure_code, survey.failure_message = error.sentence, error.code, error.message
    survey.due_at = next_try(survey.tries, now)
    survey.save(update_fields=["tries", "token", "due_at", *FAILURE])
