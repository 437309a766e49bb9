import pytest
from django.db import connection

from integrations.registration.models import Environment
from integrations.sources.gate import GATE_CHANNEL, is_open, set_gate
from integrations.sources.models import Desired, Lane, Observed, Source

OPEN = {
    ("present", "active", "hold"),
    ("present", "active", "send_and_keep"),
    ("present", "active", "drop"),
    ("present", "pending", "send_and_keep"),
}
ROWS = [(d, o, p) for d in Desired.values for o in Observed.values for p in Environment.GatePolicy.values]


@pytest.mark.parametrize(("desired", "observed", "policy"), ROWS)
def test_the_gate_is_open_exactly_where_the_table_says_so(desired: str, observed: str, policy: str) -> None:
    is_in_table = (desired, observed, policy) in OPEN
    assert is_open(desired=desired, observed=observed, policy=policy) is is_in_table


@pytest.mark.parametrize(("desired", "observed", "policy"), ROWS)
def test_a_suspect_source_is_closed_whatever_else_is_true(desired: str, observed: str, policy: str) -> None:
    assert not is_open(desired=desired, observed=observed, suspect=True, policy=policy)


@pytest.fixture
def reserve(environment: Environment, tenant) -> Source:
    source = Source.objects.create(environment=environment, tenant=tenant)
    Lane.objects.create(source=source, environment=environment)
    return source


def test_writing_the_gate_opens_and_closes_the_lane(reserve: Source, environment: Environment) -> None:
    reserve.observed = Observed.ACTIVE
    set_gate(reserve, environment)
    assert Lane.objects.get(source=reserve).publishable
    reserve.desired = Desired.PAUSED
    set_gate(reserve, environment)
    assert not Lane.objects.get(source=reserve).publishable


@pytest.mark.django_db(transaction=True)
def test_only_an_opening_is_announced_to_publishers(reserve: Source, environment: Environment) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"listen {GATE_CHANNEL}")
    for observed in (Observed.PENDING, Observed.ACTIVE, Observed.ACTIVE, Observed.DELETED):
        reserve.observed = observed
        set_gate(reserve, environment)
    heard = [note.payload for note in connection.connection.notifies(timeout=0.2)]
    connection.close()
    assert heard == [str(reserve.pk)]


def test_a_gate_stays_closed_for_a_moment_after_the_activation() -> None:
    assert not is_open(desired="present", observed="active", policy="hold", opening=True)
