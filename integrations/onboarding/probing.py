"""Probing a namespace: a source is made below it and deleted at once. AWS has no other way to ask whether we may."""

import time
from contextlib import suppress
from dataclasses import dataclass

from integrations.aws import partner_sources
from integrations.aws.errors import AwsError
from integrations.aws.limits import LimitError
from integrations.registration.models import Environment
from tenants.identifiers import uuid7

PART = "partnerbus-probe"  # of the name, where a tenant's slug stands otherwise; no tenant's part has this ending


@dataclass(frozen=True, slots=True)
class Probe:
    """What one probe showed."""

    region: str
    arn: str
    milliseconds: int


class Refused(Exception):
    """AWS did not let us, in this region."""

    def __init__(self, region: str, error: AwsError | LimitError) -> None:
        super().__init__(region, error)
        self.region = region
        self.error = error


def probe_namespace(environment: Environment, region: str, account: str) -> Probe:
    """Offer a source of a fresh name to `account`, delete it, and delete what a killed probe left behind.

    Raises Refused. Never inside a transaction.
    """
    publisher, prefix = environment.publisher, f"{environment.namespace}/{PART}/"
    name = f"{prefix}{uuid7().hex}"
    started = time.perf_counter()
    try:
        arn = partner_sources.create(publisher, region, name, account)
        partner_sources.delete(publisher, region, name, account)
    except (AwsError, LimitError) as error:
        raise Refused(region, error) from error
    took = round((time.perf_counter() - started) * 1_000)
    with suppress(AwsError, LimitError):  # tidying up; AWS lets what stays expire
        for left in list(partner_sources.list_sources(publisher, region, prefix)):
            for offer in partner_sources.accounts_of(publisher, region, left.name):
                partner_sources.delete(publisher, region, left.name, offer.account)
    return Probe(region, arn, took)
