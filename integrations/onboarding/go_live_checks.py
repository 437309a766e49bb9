"""What has to be true before an integration goes live, asked of AWS and of our own records at that moment."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from integrations.aws import partner_sources
from integrations.aws.errors import AwsError
from integrations.aws.identity import caller_identity
from integrations.aws.limits import LimitError
from integrations.aws.names import regions as known_regions
from integrations.onboarding.models import Stage, ValidationRun
from integrations.onboarding.probing import Refused, probe_namespace
from integrations.registration.models import Breaker, Environment, Integration

LOWERED = "select region, calls_per_second from pace where publisher_account = %s and region = any(%s) order by region"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, whether it is as it should be, and a sentence with what to do if not."""

    key: str
    title: str
    passed: bool
    said: str

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, for the audit log."""
        return asdict(self)


def examine(integration: Integration) -> list[Check]:
    """Look at everything. Calls AWS, so never inside a transaction."""
    environment = integration.environments.filter(kind=Environment.Kind.PRODUCTION).first()
    if environment is None:
        said = "Register the production environment: its namespace, publisher account and regions."
        return [Check("registered", "Production is registered here", False, said)]
    return [
        Check("registered", "Production is registered here", True, f"{environment.namespace}."),
        *_at_aws(integration, environment),
        _regions(environment),
        _quota(environment),
        _alarms(integration),
        _stages(integration),
        _demonstration(integration),
    ]


def _at_aws(integration: Integration, environment: Environment) -> Iterator[Check]:
    identity = _identity(environment)
    yield identity
    if not identity.passed:
        return
    for region in environment.regions:
        yield _permission(environment, region)
    account = _receiver(integration, environment)
    for region in environment.regions:
        yield _namespace(environment, region, account)


def _identity(environment: Environment) -> Check:
    key, title = "identity", "Our credentials act as the publisher account"
    try:
        account = caller_identity(environment.publisher, next(iter(environment.regions), "us-east-1"))
    except (AwsError, LimitError) as error:
        return Check(key, title, False, _words(error))
    if account != environment.publisher_account:
        said = f"They act as {account}, and {environment.publisher_account} is registered. Correct the role."
        return Check(key, title, False, said)
    return Check(key, title, True, f"STS says {account}.")


def _permission(environment: Environment, region: str) -> Check:
    key, title = f"permission:{region}", f"Sources can be listed in {region}"
    try:
        count = sum(1 for _ in partner_sources.list_sources(environment.publisher, region, f"{environment.namespace}/"))
    except (AwsError, LimitError) as error:
        return Check(key, title, False, _words(error))
    return Check(key, title, True, f"AWS lists {count} below {environment.namespace}.")


def _namespace(environment: Environment, region: str, account: str) -> Check:
    key, title = f"namespace:{region}", f"AWS lets us use the namespace in {region}"
    if not account:
        return Check(key, title, False, "Name a receiver account: a source is offered to it and deleted at once.")
    try:
        probe = probe_namespace(environment, region, account)
    except Refused as refused:
        return Check(key, title, False, _words(refused.error))
    return Check(key, title, True, f"A source was created and deleted in {probe.milliseconds} ms.")


def _receiver(integration: Integration, environment: Environment) -> str:
    if environment.receiver_accounts:
        return str(environment.receiver_accounts[0])
    test = integration.environments.filter(kind=Environment.Kind.TEST).first()
    return str(test.receiver_accounts[0]) if test and test.receiver_accounts else ""


def _regions(environment: Environment) -> Check:
    unknown = sorted(set(environment.regions) - known_regions())
    title = "Its regions are regions of EventBridge"
    if unknown:
        return Check("regions", title, False, f"{', '.join(unknown)}: not known here. Correct them, or update boto3.")
    if not environment.regions:
        return Check("regions", title, False, "Name the regions that AWS has registered.")
    return Check("regions", title, True, f"{', '.join(environment.regions)}.")


def _quota(environment: Environment) -> Check:
    title = "AWS does not throttle the publisher account"
    quota = settings.PARTNER_CALLS_PER_SECOND
    with connection.cursor() as cursor:
        cursor.execute(LOWERED, [environment.publisher_account, list(environment.regions)])
        lowered = [f"{region}: {rate:,.0f} calls a second" for region, rate in cursor.fetchall()]
    if lowered:
        said = f"It did, minutes ago: {', '.join(lowered)}. Wait until it is over, or ask AWS for a higher quota."
        return Check("quota", title, False, said)
    return Check("quota", title, True, f"{quota:,} calls a second in every region." if quota else "No limit is set.")


def _alarms(integration: Integration) -> Check:
    title = "No breaker is open"
    breakers = Breaker.objects.filter(environment__integration=integration).select_related("environment")
    words = [f"{breaker.environment.kind} in {breaker.region}: {breaker.code}" for breaker in breakers]
    if words:
        return Check("alarms", title, False, f"AWS refuses us: {', '.join(words)}. Mend that first.")
    return Check("alarms", title, True, "Nothing is stopped.")


def _stages(integration: Integration) -> Check:
    title = "Stages 1 to 3 are done"
    undone = integration.stages.filter(number__lt=4).exclude(state=Stage.State.DONE).order_by("number")
    numbers = [str(stage.number) for stage in undone]
    if numbers:
        return Check("stages", title, False, f"Not done: stage {', '.join(numbers)}. Finish what is open there.")
    return Check("stages", title, True, "All three.")


def _demonstration(integration: Integration) -> Check:
    title = "The flow was demonstrated to AWS"
    run = integration.validation_runs.filter(kind=ValidationRun.Kind.REAL, result=ValidationRun.Result.PASSED).first()
    if run is None:
        return Check("demonstration", title, False, "No demonstration has passed yet. Run it, and record its result.")
    return Check("demonstration", title, True, f"Passed, recorded by {run.result_by}.")


def _words(error: AwsError | LimitError) -> str:
    return str(error) if isinstance(error, LimitError) else f"{error.sentence} AWS said: {error.message or error.code}"
