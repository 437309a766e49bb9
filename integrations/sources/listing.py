"""Lists of sources: what somebody may ask, as one condition that the database answers in milliseconds."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from integrations.sources.models import Desired, Observed, Source
from integrations.sources.states import ShownState, shown_as

ACCOUNT = re.compile(r"\d{4}-?\d{4}-?\d{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceQuestion:
    """Which sources are asked for: those to which all that is given applies.

    `words`: the beginning of a tenant's name, its id at the SaaS, an AWS account, or the whole name or ARN of a source.
    Without a state, deleted sources are left out. `expires_before`: PENDING ones that AWS withdraws until then.
    """

    words: str = ""
    state: ShownState | None = None
    region: str = ""
    environment: str = ""
    tenant: str = ""
    expires_before: datetime | None = None


def sources_asked(question: SourceQuestion) -> QuerySet[Source]:
    """Return the sources of a question, each with its tenant and its environment; reserves are never among them."""
    condition = shown_as(question.state) if question.state else ~Q(desired=Desired.ABSENT)
    if question.words:
        condition &= _said(question.words.strip())
    if question.region:
        condition &= Q(region=question.region)
    if question.environment:
        condition &= Q(environment__public_id=question.environment)
    if question.tenant:
        condition &= Q(tenant__public_id=question.tenant)
    if question.expires_before:
        condition &= Q(observed=Observed.PENDING, expires_at__lt=question.expires_before)
    related = Source.objects.filter(condition, account__isnull=False)
    return related.select_related("tenant", "environment__integration")


def _said(words: str) -> Q:
    if ACCOUNT.fullmatch(words):
        return Q(account=words.replace("-", ""))
    if words.startswith("arn:"):
        return Q(arn=words)
    if words.startswith("aws.partner/"):
        return Q(name=words)
    return Q(tenant__name__istartswith=words) | Q(tenant__external_id=words)


def regions_in_use() -> list[str]:
    """Return the regions of all sources there are, in order."""
    return sorted(set(Source.objects.filter(account__isnull=False).values_list("region", flat=True).distinct()))
