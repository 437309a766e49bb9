"""The worker's side of adoptions: a line is one question to AWS and one transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from integrations.aws import partner_sources
from integrations.aws.errors import AwsError, SourceNotFound
from integrations.aws.names import source_arn
from integrations.problems import Problem
from integrations.reconciliation.adoption import ADOPTABLE, ADOPTED
from integrations.reconciliation.models import Adoption, AdoptionLine, Drift
from integrations.registration.enabling import check_enabled
from integrations.sources.adopted import adopt_source
from integrations.sources.budget import Place
from integrations.sources.models import Desired, Source
from integrations.sources.timing import next_try
from tenants.accounts import InvalidTenant, check_external_id, put_tenant
from tenants.audit import Actor
from tenants.models import Tenant

CLAIM = timedelta(minutes=1)
MOST_TRIES = 5
State = Adoption.State


class NotAdoptable(Exception):
    """Why a line is not taken over: a finding for programs and a sentence for people."""

    def __init__(self, finding: str, message: str) -> None:
        super().__init__(message)
        self.finding, self.message = finding, message


def claim_adoption(now: datetime) -> Adoption | None:
    """Claim the next due adoption for a minute."""
    with transaction.atomic():
        due = Adoption.objects.filter(due_at__lte=now).order_by("due_at").select_related("environment__directory")
        adoption = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
        if adoption is not None:
            adoption.due_at = now + CLAIM
            adoption.save(update_fields=["due_at"])
    return adoption


def next_line(adoption: Adoption) -> AdoptionLine | None:
    """Return the line whose turn it is."""
    finding = ADOPTABLE if adoption.state == State.APPLYING else ""
    return adoption.lines.filter(finding=finding).order_by("number").first()


def place_of(adoption: Adoption) -> Place:
    """Return what the call about its next line is counted by."""
    line = next_line(adoption)
    return Place(adoption.environment.publisher_account, line.region if line else "")


def advance_adoption(adoption: Adoption, clock: Callable[[], datetime]) -> None:
    """Take a claimed adoption one line further, or end what it is at."""
    line = next_line(adoption)
    if line is None:
        _end(adoption, clock())
        return
    due_at = clock()
    try:
        account = _account_at_aws(adoption, line)
        if adoption.state == State.APPLYING:
            _adopt(adoption, line, account, clock())
        else:
            _found(line, ADOPTABLE, _what_will_happen(adoption, line, account), account=account)
    except NotAdoptable as reason:
        _found(line, reason.finding, reason.message)
    except AwsError as error:
        line.tries += 1
        if line.tries >= MOST_TRIES:
            _found(line, "error", error.sentence)
        else:
            AdoptionLine.objects.filter(pk=line.pk).update(tries=line.tries, message=error.sentence)
            due_at = next_try(line.tries, clock())
    # Not if it was cancelled meanwhile.
    Adoption.objects.filter(pk=adoption.pk, state=adoption.state).update(due_at=due_at)


def _account_at_aws(adoption: Adoption, line: AdoptionLine) -> str:
    """Return the account to adopt for: the one that was asked for, or AWS's only one. Never another one."""
    try:
        rows = partner_sources.accounts_of(adoption.environment.publisher, line.region, line.name)
    except SourceNotFound:
        rows = []
    accounts = [row.account for row in rows if row.state != "DELETED"]
    if not accounts:
        raise NotAdoptable("unknown_at_aws", "AWS has no such source in this region.")
    if line.account and line.account not in accounts:
        raise NotAdoptable("other_account", f"AWS offers it to {', '.join(accounts)} and not to {line.account}.")
    if not line.account and len(accounts) > 1:
        raise NotAdoptable("account_ambiguous", f"AWS offers it to {', '.join(accounts)}: name one in the file.")
    return line.account or accounts[0]


def _what_will_happen(adoption: Adoption, line: AdoptionLine, account: str) -> str:
    _check_live(adoption)
    _check_not_here(adoption, line)
    if _tenant(adoption, line) is not None:
        return f"Tenant {line.tenant} takes it over, as AWS offers it to {account}."
    if not line.tenant_name:
        raise NotAdoptable("tenant_unknown", "There is no such tenant. Put it first, or give a tenant_name.")
    try:
        check_external_id(line.tenant)
    except InvalidTenant as error:
        raise NotAdoptable("tenant_invalid", str(error)) from None
    return f"Tenant {line.tenant} is made, named {line.tenant_name}, and takes it over, as AWS offers it to {account}."


def _check_live(adoption: Adoption) -> None:
    try:
        check_enabled(adoption.environment)
    except Problem as refusal:
        raise NotAdoptable(refusal.code, refusal.detail) from None


def _check_not_here(adoption: Adoption, line: AdoptionLine) -> None:
    named = Source.objects.filter(region=line.region, name=line.name)
    if named.filter(desired=Desired.ABSENT, due_at__isnull=False).exists():  # the deletion would hit what is adopted
        raise NotAdoptable("being_deleted", "It was deleted here, and AWS has not confirmed that yet. Wait for it.")
    source = named.exclude(desired=Desired.ABSENT).select_related("tenant").first()
    if source is not None:
        whose = source.tenant.external_id if source.environment_id == adoption.environment_id else "another environment"
        raise NotAdoptable("known", f"It belongs to {whose} already.")


def _tenant(adoption: Adoption, line: AdoptionLine) -> Tenant | None:
    directory = adoption.environment.directory
    return Tenant.objects.filter(directory=directory, external_id=line.tenant, closed_at=None).first()


def _adopt(adoption: Adoption, line: AdoptionLine, account: str, now: datetime) -> None:
    if account != line.account:  # not what the dry run showed
        raise NotAdoptable("other_account", f"AWS offers it to {account} by now. Look at the file again.")
    _what_will_happen(adoption, line, account)
    actor = Actor.system(f"adoption by {adoption.actor_label}")
    try:
        with transaction.atomic():
            name = None if _tenant(adoption, line) else line.tenant_name  # a known tenant is not renamed
            directory = adoption.environment.directory
            tenant, _ = put_tenant(directory=directory, external_id=line.tenant, name=name, actor=actor, now=now)
            source = adopt_source(
                tenant=tenant,
                account=account,
                region=line.region,
                name=line.name,
                arn=source_arn(line.region, line.name),
                actor=actor,
                now=now,
            )
            Drift.objects.filter(
                environment=adoption.environment, region=line.region, name=line.name, resolved_at=None
            ).update(resolved_at=now, resolution=ADOPTED, due_at=None)
            _found(line, ADOPTED, f"Tenant {line.tenant} has taken it over.", source=source)
    except (IntegrityError, InvalidTenant):
        raise NotAdoptable("known", "Somebody else has taken it over at the same moment.") from None


def _found(line: AdoptionLine, finding: str, message: str, **more: object) -> None:
    AdoptionLine.objects.filter(pk=line.pk).update(finding=finding, message=message, **more)


def _end(adoption: Adoption, now: datetime) -> None:
    is_applied = adoption.state == State.APPLYING
    Adoption.objects.filter(pk=adoption.pk, state=adoption.state).update(
        state=State.DONE if is_applied else State.CHECKED, ended_at=now if is_applied else None, due_at=None
    )
