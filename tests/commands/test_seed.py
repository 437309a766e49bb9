"""`manage.py seed`: an installation that is full, in which nothing moves."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.seed import days
from dashboard.seed.plan import CONDITIONS, SLUG
from dashboard.seed.progress import Progress
from integrations.events.publisher import Publisher
from integrations.notifications.models import Message, Notice
from integrations.notifications.sweep import notice_what_happened
from integrations.reconciliation.surveying import plan_surveys
from integrations.registration.models import Environment
from integrations.sources.models import Source, SourceChange
from integrations.sources.reminders import remind
from integrations.sources.states import shown_state
from integrations.sources.sweep import sweep
from tenants.models import AuditEntry, Tenant, User
from tests.commands.conftest import Said
from tests.events.conftest import aws, committed, publisher, rows, store_events
from tests.events.fake_aws import FakeAws
from tests.events.past import execute, past, posted
from tests.events.publishing import MakeSource, Store

__all__ = ["aws", "committed", "publisher", "store_events"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
Manage = Callable[..., Said]
SMALL = ("seed", "--tenants", "100", "--sources", "200", "--events", "3000", "--changes", "4")
TABLES = ("events", "attempts", "pending", "retry", "dead", "activity", "rollups", "rollup_failures")


@pytest.fixture(autouse=True)
def _past(committed: None) -> Iterator[None]:
    with past():
        yield
        execute("truncate rollups, rollup_failures")


def counts() -> dict[str, int]:
    return {table: rows(f"select count(*) from {table}")[0][0] for table in TABLES}


def test_there_are_as_many_as_were_asked_for_in_every_condition(manage: Manage) -> None:
    said = manage(*SMALL)
    assert said.code == 0, said.error
    assert said.output.startswith("100 tenants, 200 sources with 4 changes each and 3,000 events are there")
    found = counts()
    assert found["events"] == 3_000
    assert found["attempts"] > 2_500
    assert {"pending", "retry", "dead", "rollups"} <= {table for table, number in found.items() if number}
    assert (Tenant.objects.count(), SourceChange.objects.count()) == (100, 800)
    states = Counter(shown_state(source).value for source in Source.objects.all())
    assert states == {"active": 184, "pending": 8, "expired": 2, "gone": 2, "failed": 2, "paused": 2}
    assert len(CONDITIONS) == 8


def test_the_minutes_are_counted_as_the_minute_job_would(manage: Manage) -> None:
    manage(*SMALL)
    counted = rows("select sum(accepted), sum(failed) from rollups where source_id > 0 and minute > 0")
    tried = rows("select count(*) filter (where code = 0), count(*) filter (where code <> 0) from attempts")
    assert counted == tried
    assert rows("select accepted, failed from rollups where minute = 0 and source_id < 0") == tried
    assert rows("select sum(failed) from rollup_failures where minute > 0 and source_id > 0") == [(tried[0][1],)]


def test_nothing_of_it_reaches_aws_and_nobody_is_told(manage: Manage, publisher: Publisher, aws: FakeAws) -> None:
    User.objects.create_user("ops@example.com", staff_role="operations")
    manage(*SMALL)
    before, notices = counts(), Notice.objects.count()
    now = timezone.now()
    assert publisher.publish_round() == 0
    assert sweep(clock=timezone.now, steps=5) is False
    plan_surveys(now)
    assert rows("select count(*) from reconciliation_survey") == [(0,)]
    assert remind(now) == 0
    assert notice_what_happened(now=now + timedelta(minutes=10)) == 0
    assert Notice.objects.count() == notices > 0
    assert not Message.objects.filter(user__is_active=True).exists()
    assert not Message.objects.exclude(due_at=None).exists()
    assert counts() == before
    assert aws.calls == []


def test_what_was_killed_is_made_to_the_end_and_what_is_there_is_left(manage: Manage) -> None:
    manage(*SMALL)
    before = counts()
    day = days.table_of("events", timezone.now() - timedelta(days=5))
    (lost,) = rows(f"select count(*) from {day}")[0]
    execute(f"truncate {day}")
    assert manage(*SMALL).code == 0
    assert lost
    assert counts()["events"] == before["events"]
    assert SourceChange.objects.count() == 800


def test_another_size_is_refused(manage: Manage) -> None:
    manage(*SMALL)
    said = manage("seed", "--events", "10")
    assert said.code == 1
    assert "There is a seed of 100 tenants, 200 sources with 4 changes each and 3,000 events." in said.error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tenants", "7", "--sources", "10"), "--sources has to be a multiple of --tenants"),
        (("--tenants", "0"), "--tenants has to be between"),
        (("--events", "0"), "--events has to be between"),
        (("--changes", "1"), "--changes has to be between"),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(manage: Manage, arguments: tuple[str, ...], words: str) -> None:
    said = manage("seed", *arguments)
    assert said.code == 1
    assert words in said.error


def test_beside_a_production_that_is_open_it_has_to_be_forced(manage: Manage, environment: Environment) -> None:
    Environment.objects.filter(pk=environment.pk).update(kind="production", enabled_at=timezone.now())
    said = manage(*SMALL)
    assert (said.code, Tenant.objects.count()) == (1, 0)
    assert "Shop (production) is open to tenants" in said.error
    assert manage(*SMALL, "--force").code == 0


def test_what_was_seeded_can_be_taken_away_and_nothing_else_goes(
    manage: Manage, tenant: Tenant, make_source: MakeSource, store_events: Store
) -> None:
    theirs = make_source(tenant)
    posted(store_events, timezone.now() - timedelta(minutes=1))
    before, lines = counts(), AuditEntry.objects.count()
    manage(*SMALL)
    said = manage("seed", "--remove")
    assert said.code == 0, said.error
    assert counts() | {"rollups": 0} == before | {"rollups": 0}
    assert rows("select distinct source_id from rollups") == [(0,)]
    assert list(Source.objects.all()) == [theirs]
    assert not Environment.objects.filter(integration__slug=SLUG).exists()
    assert (User.objects.count(), Notice.objects.count(), SourceChange.objects.count()) == (0, 0, 0)
    assert AuditEntry.objects.filter(action="seed:remove").count() == 1
    assert AuditEntry.objects.count() > lines
    assert manage("seed", "--remove").output.startswith("There was nothing to remove")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_writes_over_one_line_at_a_terminal_and_a_line_for_each_tenth_into_a_file() -> None:
    for stream in (Terminal(), io.StringIO()):
        moments = iter(range(100))
        progress = Progress(stream, 40, clock=lambda moments=moments: float(next(moments)))
        for _ in range(40):
            progress.advance(1, "events")
        progress.close()
        said = stream.getvalue()
        assert said.count("\n") == (1 if stream.isatty() else 10)
        assert said.count("\r") == (40 if stream.isatty() else 0)
        assert "100%  events" in said
