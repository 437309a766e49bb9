"""Adoption of what AWS has already: looked at first, and never of another account than the one asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from integrations.problems import Problem
from integrations.reconciliation.adoption import apply_adoption, cancel_adoption, request_adoption
from integrations.reconciliation.models import Adoption, Drift
from integrations.registration.models import Environment
from integrations.sources.deletion import delete_source
from integrations.sources.models import Source
from integrations.sources.reserve import reserve_for
from integrations.sources.states import shown_state
from integrations.sources.sweep import sweep
from tenants.models import AuditEntry, Tenant
from tests.reconciliation.conftest import finish
from tests.sandbox.started import ALDER, BIRCH, World
from tests.sources.conftest import BACKEND

PREFIX = "aws.partner/shop.example.com.test/old"


def requested(environment: Environment, text: str) -> Adoption:
    adoption = request_adoption(environment=environment, text=text, actor=BACKEND, now=timezone.now())
    finish()
    return Adoption.objects.get(pk=adoption.pk)


def applied(adoption: Adoption) -> Adoption:
    apply_adoption(adoption=adoption, actor=BACKEND, now=timezone.now())
    finish()
    return Adoption.objects.get(pk=adoption.pk)


def findings(adoption: Adoption) -> list[str]:
    return list(adoption.lines.order_by("number").values_list("finding", flat=True))


def test_every_line_is_told_what_would_happen_and_nothing_does(
    environment: Environment, tenant: Tenant, make_source: Any, aws: World
) -> None:
    for name in ("a", "b", "c", "d", "new"):
        aws.offer(f"{PREFIX}/{name}")
    aws.offer(f"{PREFIX}/foreign", BIRCH)
    Source.objects.filter(pk=make_source(tenant).pk).update(name=f"{PREFIX}/d")
    lines = [
        f"{PREFIX}/a,alder,,{ALDER},eu-west-1",
        f"{PREFIX}/b,alder,,2222-2222-2222,eu-west-1",
        f"{PREFIX}/missing,alder,,,eu-west-1",
        f"{PREFIX}/foreign,alder,,{ALDER},eu-west-1",
        f"{PREFIX}/c,nobody,,,eu-west-1",
        f"{PREFIX}/new,newcomer,Newcomer Ltd.,,eu-west-1",
        f"{PREFIX}/d,alder,,,eu-west-1",
        f"{PREFIX}/a,alder,,,eu-west-1",
        "aws.partner/else.example.com/x/y,alder,,,eu-west-1",
        f"{PREFIX}/a,alder,,12,eu-west-1",
        f"{PREFIX}/a,alder,,,mars-1",
        f"{PREFIX}/x,,,,eu-west-1",
    ]
    adoption = requested(environment, "\ufeffName,tenant,tenant_name,account,region\n" + "\n".join(lines))
    assert findings(adoption) == [
        "adoptable",
        "adoptable",
        "unknown_at_aws",
        "other_account",
        "tenant_unknown",
        "adoptable",
        "known",
        "twice",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
    ]
    assert adoption.state == "checked"
    assert Source.objects.count() == 1
    assert not Tenant.objects.filter(external_id="newcomer").exists()
    assert "belongs to alder" in adoption.lines.get(finding="known").message
    assert BIRCH in adoption.lines.get(finding="other_account").message


def test_an_adopted_source_is_watched_takes_over_what_was_held_and_resolves_its_drift(
    environment: Environment, tenant: Tenant, aws: World
) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve is not None
    aws.offer(f"{PREFIX}/a")
    aws.accept(f"{PREFIX}/a")
    Drift.objects.create(
        environment=environment,
        region="eu-west-1",
        name=f"{PREFIX}/a",
        kind="orphan",
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    adoption = applied(requested(environment, f"name,tenant,region\n{PREFIX}/a,alder,eu-west-1\n"))
    assert (adoption.state, [line.finding for line in adoption.lines.all()]) == ("done", ["adopted"])
    source = Source.objects.get()
    assert (source.pk, source.name, source.account) == (reserve.pk, f"{PREFIX}/a", ALDER)
    assert source.arn.endswith(f"event-source/{PREFIX}/a")
    sweep(clock=timezone.now)
    source.refresh_from_db()
    assert shown_state(source) == "active"
    assert source.lane.publishable
    assert Drift.objects.get().resolution == "adopted"
    assert AuditEntry.objects.filter(action="source:adopt", tenant_id=tenant.pk).count() == 1


def test_a_source_that_changed_hands_since_the_dry_run_is_not_adopted(
    environment: Environment, tenant: Tenant, aws: World
) -> None:
    aws.offer(f"{PREFIX}/a")
    adoption = requested(environment, f"name,tenant,region\n{PREFIX}/a,alder,eu-west-1\n")
    aws.withdraw(f"{PREFIX}/a")
    aws.offer(f"{PREFIX}/a", BIRCH)
    assert findings(applied(adoption)) == ["other_account"]
    assert not Source.objects.exists()


def test_applying_twice_adopts_once(environment: Environment, tenant: Tenant, aws: World) -> None:
    aws.offer(f"{PREFIX}/a")
    text = f"name,tenant,tenant_name,region\n{PREFIX}/a,newcomer,Newcomer,eu-west-1\n"
    applied(requested(environment, text))
    assert findings(requested(environment, text)) == ["known"]
    assert Source.objects.get().tenant.name == "Newcomer"


def test_a_name_whose_deletion_aws_has_not_confirmed_is_not_adopted(
    environment: Environment, tenant: Tenant, offer: Callable[..., Source], aws: World
) -> None:
    source = offer()
    sweep(clock=timezone.now)
    delete_source(source=source, keep_queue=True, actor=BACKEND, now=timezone.now())
    text = f"name,tenant,region\n{source.name},alder,eu-west-1\n"
    adoption = requested(environment, text)
    assert findings(adoption) == ["being_deleted"]
    adoption.lines.update(finding="adoptable", account=ALDER)  # it began after the look at the file
    assert findings(applied(adoption)) == ["being_deleted"]
    sweep(clock=timezone.now)
    assert findings(requested(environment, text)) == ["unknown_at_aws"]
    aws.offer(source.name)
    assert findings(applied(requested(environment, text))) == ["adopted"]


def test_what_was_cancelled_is_not_applied(environment: Environment, tenant: Tenant, aws: World) -> None:
    aws.offer(f"{PREFIX}/a")
    adoption = requested(environment, f"name,tenant,region\n{PREFIX}/a,alder,eu-west-1\n")
    cancel_adoption(adoption=adoption, actor=BACKEND, now=timezone.now())
    with pytest.raises(Problem, match="Wait until it is checked"):
        apply_adoption(adoption=adoption, actor=BACKEND, now=timezone.now())
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "name\nx", "tenant,name\n", 'name,tenant\n"open', "a,b\n1,2", "name,tenant\nx\x00,y"]
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(environment: Environment, text: str) -> None:
    with pytest.raises(Problem, match="cannot be used"):
        request_adoption(environment=environment, text=text, actor=BACKEND, now=timezone.now())


def test_aws_that_does_not_answer_is_asked_again_and_in_the_end_the_line_says_so(
    environment: Environment, tenant: Tenant, aws: World
) -> None:
    aws.faults(credentials_error="ExpiredTokenException")
    adoption = request_adoption(
        environment=environment,
        text=f"name,tenant,region\n{PREFIX}/a,alder,eu-west-1\n",
        actor=BACKEND,
        now=timezone.now(),
    )
    for _ in range(5):
        Adoption.objects.update(due_at=timezone.now())
        finish()
    assert findings(adoption) == ["error"]


def test_production_that_has_not_gone_live_takes_nothing_over(
    environment: Environment, tenant: Tenant, aws: World
) -> None:
    aws.offer(f"{PREFIX}/a")
    Environment.objects.filter(pk=environment.pk).update(kind="production")
    text = f"name,tenant,account,region\n{PREFIX}/a,alder,{ALDER},eu-west-1"
    assert findings(requested(environment, text)) == ["production_not_enabled"]
    Environment.objects.filter(pk=environment.pk).update(enabled_at=timezone.now())
    checked = requested(environment, text)
    assert findings(checked) == ["adoptable"]
    Environment.objects.filter(pk=environment.pk).update(enabled_at=None)  # taken back between the look and the deed
    assert findings(applied(checked)) == ["production_not_enabled"]
    assert not Source.objects.exists()
