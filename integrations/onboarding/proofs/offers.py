"""Proofs from the sources that the test environment offers now."""

from datetime import timedelta

from django.db.models import QuerySet

from integrations.aws.names import source_arn, source_name
from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds, moment
from integrations.sources.models import Desired, Observed, Source

AT_ONCE = timedelta(seconds=60)
NEWEST = 500  # sources that one look covers
AT_AWS = (Observed.PENDING, Observed.ACTIVE)
NO_TEST = fails("Register the test environment first.")


def sources_of(facts: Facts) -> QuerySet[Source]:
    """Return the test environment's sources, newest first."""
    offers = Source.objects.filter(environment=facts.test, account__isnull=False)
    return offers.select_related("tenant").order_by("-pk")


def source_created(facts: Facts) -> Finding:
    """AWS has a source of ours, by its own word."""
    source = sources_of(facts).filter(observed__in=AT_AWS).exclude(arn="").first()
    if source is None or source.provisioned_at is None:
        return fails("Create a source towards the receiver account; AWS has none now.")
    return holds(
        f"{source.name} is {source.observed.upper()} at AWS.",
        source=source.name,
        arn=source.arn,
        account=source.account,
        region=source.region,
        at=moment(source.provisioned_at),
    )


def arn_stored(facts: Facts) -> Finding:
    """Every source that AWS made has its ARN with its tenant."""
    made = list(sources_of(facts).filter(provisioned_at__isnull=False).exclude(desired=Desired.ABSENT)[:NEWEST])
    if not made:
        return fails("No source has been created at AWS yet.")
    for source in made:
        if source.arn != source_arn(source.region, source.name):
            return fails(
                f"{source.name} in {source.region} has the ARN {source.arn or 'of nothing'}: check the source."
            )
    return holds(
        f"{_sources(len(made))} made by AWS, each with its ARN.",
        arn=made[0].arn,
        tenant=made[0].tenant.name,
        sources=len(made),
    )


def bus_created(facts: Facts) -> Finding:
    """A customer attached a bus: the source is ACTIVE."""
    source = sources_of(facts).filter(observed=Observed.ACTIVE).first()
    if source is None or source.observed_at is None:
        return fails("No source is ACTIVE: create the event bus in the receiver account.")
    return holds(
        f"AWS says that {source.name} is ACTIVE.",
        source=source.name,
        account=source.account,
        region=source.region,
        asked_at=moment(source.observed_at),
    )


def created_on_submit(facts: Facts) -> Finding:
    """The newest source that was never offered again stood at AWS within a minute of being asked for."""
    newest = sources_of(facts).filter(provisioned_at__isnull=False).exclude(changes__field="state").first()
    if newest is None or newest.provisioned_at is None:
        return fails("No source has been created at AWS yet.")
    took = newest.provisioned_at - newest.created_at
    if took > AT_ONCE:
        return fails(f"{newest.name} stood at AWS only {took.total_seconds():,.0f} s after it was asked for.")
    seconds = max(took.total_seconds(), 0.0)
    return holds(
        f"{newest.name}: {seconds:.1f} s after the request.",
        source=newest.name,
        requested_at=moment(newest.created_at),
        created_at=moment(newest.provisioned_at),
    )


def region_chosen(facts: Facts) -> Finding:
    """Each source is in the region that was asked for, which is one that AWS registered."""
    if facts.test is None:
        return NO_TEST
    wanted = list(sources_of(facts).exclude(desired=Desired.ABSENT)[:NEWEST])
    if not wanted:
        return fails("No source has been asked for yet.")
    for source in wanted:
        if source.region not in facts.test.regions:
            return fails(
                f"{source.name} is in {source.region}, which is not a region of the test environment any more."
            )
        if source.arn and source.arn.split(":")[3] != source.region:
            return fails(f"{source.name} was asked for in {source.region}; its ARN says {source.arn.split(':')[3]}.")
    regions = sorted({source.region for source in wanted})
    return holds(f"{_sources(len(wanted))}, in the region asked for.", regions=regions, sources=len(wanted))


def names_unique(facts: Facts) -> Finding:
    """Every name is made of its tenant's own part, so that two tenants never share one."""
    if facts.test is None:
        return NO_TEST
    wanted = list(sources_of(facts).exclude(desired=Desired.ABSENT)[:NEWEST])
    if not wanted:
        return fails("No source has been asked for yet.")
    for source in wanted:
        own = source_name(facts.test.namespace, source.tenant.slug, source.tenant.public_id, source.label)
        if source.name != own:
            return fails(f"{source.name} is not made of its tenant's own part, which would be {own}.")
    return holds(f"{_sources(len(wanted))}, each with its tenant's own part in the name.", example=wanted[0].name)


def several_regions(facts: Facts) -> Finding:
    """AWS has sources of ours in at least two regions."""
    regions = sorted(set(sources_of(facts).filter(observed__in=AT_AWS).values_list("region", flat=True)))
    if len(regions) < 2:
        return fails(f"AWS has sources in {regions[0] if regions else 'no region'}: create one in another region too.")
    return holds(f"In {', '.join(regions)}.", regions=regions)


def _sources(number: int) -> str:
    return "One source" if number == 1 else f"{number} sources"


PROOFS = {
    "source-created": source_created,
    "arn-stored": arn_stored,
    "bus-created": bus_created,
    "created-on-submit": created_on_submit,
    "region-chosen": region_chosen,
    "names-unique": names_unique,
    "several-regions": several_regions,
}
