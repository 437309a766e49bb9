from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.creation import MAX_PENDING_SOURCES, create_source, offer_for
from integrations.sources.models import Lane, Source, SourceChange
from integrations.sources.reserve import reserve_for
from tenants.accounts import put_tenant
from tenants.models import AuditEntry, Tenant
from tests.sources.conftest import ALDER_ACCOUNT, BACKEND

Offer = Callable[..., Source]


def code_of(offer: Offer, **fields: Any) -> str:
    with pytest.raises(Problem) as refused:
        offer(**fields)
    assert refused.value.detail.endswith((".", "!"))
    return refused.value.code


def test_a_new_source_is_an_intent_that_is_due_at_once(offer: Offer, tenant: Tenant, environment: Environment) -> None:
    source = offer()
    source.refresh_from_db()
    assert source.name.startswith(f"{environment.namespace}/alder-")
    assert source.name.endswith("/events")
    assert source.arn == f"arn:aws:events:eu-west-1::event-source/{source.name}"
    assert (source.account, source.desired, source.observed) == (ALDER_ACCOUNT, "present", "unknown")
    assert (source.due_at, source.provisioned_at) == (source.due_at, None)
    assert source.due_at is not None
    lane = Lane.objects.get(source=source)
    assert (lane.publishable, lane.region, lane.environment_id) == (False, "eu-west-1", environment.pk)
    assert SourceChange.objects.get(source=source).after == "present"
    entry = AuditEntry.objects.get(action="source:create")
    assert (entry.object_id, entry.tenant_id) == (str(source.public_id), tenant.pk)


def test_the_name_can_be_shown_before_the_source_exists(offer: Offer, tenant: Tenant) -> None:
    shown = offer_for(tenant=tenant, account=ALDER_ACCOUNT, region="eu-west-1")
    source = offer()
    assert (shown.name, shown.arn) == (source.name, source.arn)


@pytest.mark.parametrize(
    "account",
    [
        "",
        "12345678901",
        "1234567890123",
        "1234 5678 9012",
        "1234-5678-9012",
        " 222222222222",
        "222222222222\n",
        "٢" * 12,
    ],
)
def test_an_account_that_is_not_twelve_plain_digits_is_refused_and_not_repaired(offer: Offer, account: str) -> None:
    assert code_of(offer, account=account) == "invalid_account"
    assert not Source.objects.exists()


@pytest.mark.parametrize("region", ["", "eu-west-99", "EU-WEST-1", "eu-west-1 ", "Ireland"])
def test_a_region_that_aws_does_not_have_is_unknown(offer: Offer, region: str) -> None:
    assert code_of(offer, region=region) == "region_unknown"


def test_a_region_outside_the_registration_is_refused_with_those_that_are_allowed(offer: Offer) -> None:
    with pytest.raises(Problem) as refused:
        offer(region="ap-southeast-2")
    assert refused.value.code == "region_not_allowed"
    assert refused.value.extra["allowed"] == ["eu-west-1", "us-east-1"]
    assert "eu-west-1, us-east-1" in refused.value.detail


@pytest.mark.parametrize("label", ["", "a/b", "a b", "straße", "x" * 65, "a:b", "a\x00"])
def test_a_label_that_a_name_cannot_carry_is_refused(offer: Offer, label: str) -> None:
    assert code_of(offer, label=label) == "invalid_label"


def test_a_name_longer_than_aws_takes_is_refused_instead_of_cut(offer: Offer, environment: Environment) -> None:
    Environment.objects.filter(pk=environment.pk).update(namespace=f"aws.partner/{'x' * 162}.test")
    assert code_of(offer, label="x" * 64) == "invalid_name"


@pytest.mark.parametrize("event_types", [[], [""], ["x" * 129], ["a\x00b"], ["a\ud800"], ["t"] * 101])
def test_event_types_that_nothing_could_match_or_store_are_refused(offer: Offer, event_types: list[str]) -> None:
    assert code_of(offer, event_types=event_types) == "event_types_invalid"


@pytest.mark.parametrize(
    "pattern",
    [{}, {"detail": "x"}, {"detail": {"a": []}}, {"a": [float("inf")]}, {"a": ["\x00"]}, {"a\ud800": ["b"]}],
)
def test_a_pattern_that_aws_or_the_database_would_refuse_is_refused(offer: Offer, pattern: dict[str, Any]) -> None:
    assert code_of(offer, pattern=pattern) == "pattern_invalid"


def test_a_pattern_that_only_spells_a_nul_is_kept_as_it_is(offer: Offer) -> None:
    pattern = {"detail": {"path": ["C:\\u0000"]}}
    source = offer(pattern=pattern)
    source.refresh_from_db()
    assert source.pattern == pattern


def test_repeated_event_types_are_stored_once_in_their_order(offer: Offer) -> None:
    assert offer(event_types=["b", "a", "b"]).event_types == ["b", "a"]


def test_the_same_offer_again_is_the_same_source(tenant: Tenant, now: Any) -> None:
    wanted = {"tenant": tenant, "account": ALDER_ACCOUNT, "region": "eu-west-1", "actor": BACKEND, "now": now}
    first, first_is_new = create_source(**wanted, event_types=["a", "b"], pattern={"detail": {"n": [1]}})
    again, again_is_new = create_source(**wanted, event_types=["b", "a"], pattern={"detail": {"n": [1.0]}})
    assert (again.pk, first_is_new, again_is_new) == (first.pk, True, False)
    assert AuditEntry.objects.filter(action="source:create").count() == 1


@pytest.mark.parametrize(
    "other", [{"account": "333333333333"}, {"event_types": ["a"]}, {"pattern": {"detail": {"n": [1]}}}]
)
def test_the_same_name_for_another_offer_is_refused_with_the_way_out(offer: Offer, other: dict[str, Any]) -> None:
    offer()
    with pytest.raises(Problem) as refused:
        offer(**other)
    assert (refused.value.status, refused.value.code) == (409, "label_taken")
    assert "Use another label" in refused.value.detail


def test_another_label_or_region_makes_a_further_source(offer: Offer) -> None:
    names = {(s.region, s.name) for s in (offer(), offer(label="audit"), offer(region="us-east-1"))}
    assert len(names) == 3


def test_an_absent_source_does_not_occupy_its_name(offer: Offer) -> None:
    former = offer()
    Source.objects.filter(pk=former.pk).update(desired="absent")
    assert offer(account="333333333333").pk != former.pk


def test_tenants_of_the_same_name_get_different_source_names(offer: Offer, environment: Environment, now: Any) -> None:
    twin, _ = put_tenant(directory=environment.directory, external_id="2", name="Alder", actor=BACKEND, now=now)
    assert offer().name != offer(tenant=twin).name


def test_a_closed_tenant_gets_no_source(offer: Offer, tenant: Tenant, now: Any) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(closed_at=now)
    assert code_of(offer) == "tenant_closed"


def test_sources_that_nobody_accepts_are_bounded(offer: Offer) -> None:
    for number in range(MAX_PENDING_SOURCES):
        offer(label=f"events-{number}")
    assert code_of(offer, label="one-more") == "too_many_pending_sources"
    Source.objects.filter(label="events-0").update(observed="active")
    assert offer(label="one-more").label == "one-more"


def test_the_reserve_becomes_the_first_source_in_its_own_row_and_lane(offer: Offer, tenant: Tenant) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve is not None
    source = offer()
    assert (source.pk, source.public_id) == (reserve.pk, reserve.public_id)
    assert (Lane.objects.get().pk, Lane.objects.get().region) == (reserve.pk, "eu-west-1")
    assert Lane.objects.get().selection_since is None


def test_a_former_reserve_remembers_since_when_it_selects_by_the_databases_clock(offer: Offer, tenant: Tenant) -> None:
    reserve_for(tenant_id=tenant.pk)
    source = offer(event_types=["order.created"])
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (clock,) = cursor.fetchone()
    since = Lane.objects.get(source=source).selection_since
    assert since is not None
    assert timedelta(seconds=110) < since - clock <= timedelta(minutes=2)


def test_a_source_that_was_no_reserve_has_no_older_events_to_judge(offer: Offer) -> None:
    assert Lane.objects.get(source=offer(event_types=["a"])).selection_since is None
