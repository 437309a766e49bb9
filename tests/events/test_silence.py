"""Why a tenant gets no events: for every cause the check that names it, and nothing named before it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from integrations.events.silence import silence_for_tenant, silence_of
from integrations.registration.models import ApiKey, Breaker, Maintenance
from integrations.sources.models import Source
from tenants.models import Tenant
from tests.dashboard.pages import accepted, bury, change_gate, store_event

MakeSource = Callable[..., Source]
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def source(make_source: MakeSource, tenant: Tenant, api_key: str, now: datetime) -> Source:
    """Everything is well: the key is in use, events are posted and accepted."""
    ApiKey.objects.update(last_used_at=now)
    source = make_source(tenant)
    store_event(tenant, source)
    accepted(source)
    return source


def asked(tenant: Tenant, now: datetime) -> tuple[str, str, str]:
    decisive = silence_of(tenant, now=now).decisive
    return decisive.key, decisive.state, decisive.action


def test_where_all_is_well_only_the_receiver_is_left_which_nobody_here_can_see(
    source: Source, tenant: Tenant, now: datetime
) -> None:
    silence = silence_of(tenant, now=now)
    assert silence.source == source
    assert {check.state for check in silence.checks[:-1]} == {"ok"}
    assert asked(tenant, now) == ("receiver", "unknown", "send_test_event")


def revoke_key(source: Source, now: datetime) -> None:
    ApiKey.objects.update(revoked_at=now)


def never_use_key(source: Source, now: datetime) -> None:
    ApiKey.objects.update(last_used_at=None)


def use_key_long_ago(source: Source, now: datetime) -> None:
    ApiKey.objects.update(last_used_at=now - timedelta(days=2))


def post_nothing(source: Source, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from pending; delete from events")


def delete_source(source: Source, now: datetime) -> None:
    change_gate(source, desired="absent")


def select_nothing(source: Source, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from pending; update events set disposition = 1")


def changed(**fields: Any) -> Callable[[Source, datetime], None]:
    return lambda source, now: change_gate(source, **fields)


def suspect(source: Source, now: datetime) -> None:
    change_gate(source, suspect_since=now)


def open_breaker(source: Source, now: datetime) -> None:
    Breaker.objects.create(
        environment=source.environment, region=source.region, opened_at=now, retry_at=now, code="ExpiredToken"
    )


def maintain(source: Source, now: datetime) -> None:
    Maintenance.objects.create(environment=source.environment, region=source.region, since=now, actor_label="ops")


def dead_letters(source: Source, now: datetime) -> None:
    bury(source, 3)


CAUSES = [
    (revoke_key, "key", "issue_key"),
    (never_use_key, "key", "show_key_help"),
    (use_key_long_ago, "key", "show_key_help"),
    (post_nothing, "posted", "post_event"),
    (delete_source, "offered", "create_source"),
    (select_nothing, "selected", "change_selection"),
    (changed(desired="paused"), "wanted", "resume"),
    (changed(observed="pending"), "said", "hand_off"),
    (changed(observed="none", ended="expired"), "said", "reprovision"),
    (changed(observed="deleted", ended="gone"), "said", "reprovision"),
    (changed(provisioned_at=None, failure_final=True), "said", "reprovision"),
    (suspect, "gate", "check_now"),
    (maintain, "maintenance", "end_maintenance"),
    (open_breaker, "breaker", "see_health"),
    (dead_letters, "dead", "replay_dead"),
]


@pytest.mark.parametrize(("cause", "key", "action"), CAUSES)
def test_the_first_problem_is_the_answer(
    cause: Callable[[Source, datetime], None], key: str, action: str, source: Source, tenant: Tenant, now: datetime
) -> None:
    cause(source, now)
    silence = silence_of(tenant, now=now)
    before = silence.checks[: silence.checks.index(silence.decisive)]
    assert (silence.decisive.key, silence.decisive.action) == (key, action)
    assert "problem" not in {check.state for check in before}


def test_what_has_waited_for_long_behind_an_open_gate_is_a_problem_of_the_calls(
    source: Source, tenant: Tenant, now: datetime
) -> None:
    late = now + timedelta(minutes=20)
    Source.objects.update(observed_at=late)
    assert asked(tenant, late) == ("calls", "problem", "see_events")


def test_of_several_sources_the_worst_off_is_spoken_of(
    source: Source, make_source: MakeSource, tenant: Tenant, now: datetime
) -> None:
    bury(source, 1)
    pending = make_source(tenant, label="second", observed="pending")
    silence = silence_of(tenant, now=now)
    assert (silence.source, silence.decisive.key) == (pending, "said")


def test_a_tenant_reads_nothing_that_is_the_providers_own(source: Source, tenant: Tenant, now: datetime) -> None:
    open_breaker(source, now)
    revoke_key(source, now)
    silence = silence_for_tenant(tenant, now=now)
    assert "key" not in {check.key for check in silence.checks}
    told = " ".join(str(check.told) for check in silence.checks)
    assert "credential" not in told.lower()
    assert "interrupted on our side" in str(silence.decisive.told)
    assert all(str(check.told) for check in silence.checks)


def test_it_costs_few_queries_whatever_there_is(
    source: Source, make_source: MakeSource, tenant: Tenant, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        make_source(tenant, label=f"more-{number}")
    with django_assert_max_num_queries(11):
        silence_of(Tenant.objects.select_related("directory__environment").get(pk=tenant.pk), now=now)
