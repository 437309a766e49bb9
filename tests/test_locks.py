"""Advisory locks: each number has one use, and those who hold theirs for long stand in nobody's way."""

from collections import Counter
from typing import Any

import pytest

from integrations import locks
from integrations.aws.exchange import Exchanges
from integrations.events import session
from integrations.events.publisher import Publisher
from integrations.locks import PACE_LOCK
from integrations.sources.exclusion import only_sweep
from tests.events.conftest import aws, committed, rows  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)

# The workers of a test run have databases of their own in one server, and pg_locks shows those of all.
HELD = """
select count(*) from pg_locks where locktype = 'advisory' and granted and classid = %s
and database = (select oid from pg_database where datname = current_database())
"""


def test_no_number_is_used_twice() -> None:
    numbers = Counter(value for name, value in vars(locks).items() if name.endswith("_LOCK"))
    assert numbers.most_common(1)[0][1] == 1


@pytest.mark.parametrize("slot", [0, 1])
def test_a_sweep_of_sources_runs_beside_publishers_and_an_idle_publisher_leaves_its_share(
    committed: None,  # noqa: F811
    aws: Any,  # noqa: F811
    slot: int,
) -> None:
    with session.open_session() as first, session.open_session() as second, Exchanges() as exchanges:
        assert [session.take_slot(own) for own in (first, second)] == [0, 1]
        idle = Publisher((first, second)[slot], exchanges, slot)
        idle.publish_round()
        with only_sweep() as alone:
            assert alone
        assert rows(HELD, PACE_LOCK) == [(1,)]
        for _ in range(3):
            idle._sleep(0.05)
        assert rows(HELD, PACE_LOCK) == [(0,)]
        assert idle._is_asleep
