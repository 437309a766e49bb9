"""How an environment is reached at AWS: role, external id, regions, receiver accounts. Checked against its sources."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from integrations.aws import names
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.models import Desired, Source
from tenants import audit
from tenants.audit import Actor


@dataclass(frozen=True, slots=True)
class EnvironmentAccess:
    """What may change after an environment was registered; its namespace never does. Raises LimitError by `check`."""

    publisher_account: str
    role_arn: str
    external_id: str
    regions: Sequence[str]
    receiver_accounts: Sequence[str]

    def check(self) -> None:
        """Raise LimitError where AWS would refuse a value."""
        names.check_account(self.publisher_account)
        for account in self.receiver_accounts:
            names.check_account(account)
        for region in self.regions:
            names.check_region(region)


def change_access(*, environment: Environment, wanted: EnvironmentAccess, actor: Actor, now: datetime) -> Environment:
    """Change what differs and return the environment as it is now.

    Raises LimitError, and Problem `region_in_use` for a region taken away while sources stand there, and
    `publisher_in_use` for another publisher account while any source exists: AWS knows them by the old one.
    """
    wanted.check()
    if not wanted.regions:
        raise Problem(422, "region_missing", "Name at least one region: without one nothing can be offered.")
    with transaction.atomic():
        current = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
        _check_sources(current, wanted)
        fields = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(wanted).items()}
        before = {name: getattr(current, name) for name in fields}
        after = {name: value for name, value in fields.items() if value != before[name]}
        if after:
            for name, value in after.items():
                setattr(current, name, value)
            current.save(update_fields=list(after))
            audit.record(
                actor=actor,
                action="environment:change_access",
                at=now,
                object_type="environment",
                object_id=current.public_id,
                before=_without_secret({name: before[name] for name in after}),
                after=_without_secret(after),
            )
    return current


def _check_sources(environment: Environment, wanted: EnvironmentAccess) -> None:
    offered = Source.objects.filter(environment=environment, account__isnull=False).exclude(desired=Desired.ABSENT)
    used = set(offered.values_list("region", flat=True).distinct())
    if left := sorted(used - set(wanted.regions)):
        raise Problem(
            409, "region_in_use", f"Sources stand in {', '.join(left)}: delete them first, or keep the region."
        )
    if used and wanted.publisher_account != environment.publisher_account:
        raise Problem(
            409,
            "publisher_in_use",
            "Sources of the publisher account exist, and AWS knows them by it. Another account is another environment.",
        )


def _without_secret(values: dict[str, object]) -> dict[str, object]:
    """An external id is no password, but whoever reads the log need not know it."""
    return {name: ("set" if value else "") if name == "external_id" else value for name, value in values.items()}
