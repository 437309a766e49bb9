"""`manage.py load_demo`, against a really started simulator."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from pytest_django.fixtures import Settings

from dashboard.demo import DemoRefused
from dashboard.demo.customers import ALDER
from dashboard.demo.loading import load_demo
from dashboard.demo.people import PASSWORD
from dashboard.demo.traffic import FILE
from integrations.aws.exchange import Exchanges
from integrations.events import session
from integrations.events.models import Event, Pending
from integrations.events.publisher import Publisher
from integrations.registration.models import Integration
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from tenants.models import AuditEntry, Membership, Tenant, User
from tests.commands.conftest import Said
from tests.sandbox.started import Inbox, Sandbox
from tests.sources.aws_side import endpoint

# Events are stored outside of transactions, and AWS is not called inside one.
pytestmark = pytest.mark.django_db(transaction=True)
Manage = Callable[..., Said]
STATES = {"alder": "active", "birch": "pending", "cedar": "expired"}


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(started: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The simulator, empty, in use on a machine of one's own."""
    started.private("POST", "reset")
    settings.SANDBOX, settings.PUBLIC_URL = True, "http://127.0.0.1:8000"
    settings.ACTIVATION_PAUSE_SECONDS = 0
    settings.DATABASE_URL_DIRECT = make_conninfo(settings.DATABASE_URL_DIRECT, dbname=connection.settings_dict["NAME"])
    with endpoint(monkeypatch, started.url):
        yield started


def posted_of(tenant: str) -> int:
    return sum(json.loads(line)["tenant"] == tenant for line in FILE.read_text().splitlines())


def event_ids() -> list[Any]:
    """The ids of the demo's own events: the event path's tables outlive a test."""
    return sorted(Event.objects.filter(tenant_id__in=Tenant.objects.values("pk")).values_list("id", flat=True))


def world() -> dict[str, Any]:
    """Everything that the demo makes, in an order that a comparison understands."""
    return {
        "people": list(User.objects.order_by("pk").values("email", "password", "staff_role", "is_superuser")),
        "memberships": list(Membership.objects.order_by("pk").values("user", "tenant", "role")),
        "tenants": list(Tenant.objects.order_by("pk").values("external_id", "name", "slug")),
        "sources": {source.tenant.external_id: str(shown_state(source)) for source in Source.objects.all()},
        "source rows": list(Source.objects.order_by("pk").values()),
        "events": event_ids(),
        "pending": Pending.objects.count(),
        "audit": AuditEntry.objects.count(),
    }


def check_complete() -> None:
    """Fail unless the whole world is there, once."""
    assert world()["sources"] == STATES
    assert Source.objects.count() == Tenant.objects.count() == 3
    assert Integration.objects.get().environments.count() == 2
    assert (User.objects.count(), Membership.objects.count()) == (6, 3)
    assert len(event_ids()) == len(FILE.read_text().splitlines())
    for source in Source.objects.all():
        assert Pending.objects.filter(source_id=source.pk).count() == posted_of(source.tenant.external_id)


def test_it_loads_one_customer_of_each_kind_with_events(sandbox: Sandbox, manage: Manage) -> None:
    said = manage("load_demo")
    assert said.code == 0, said.error
    assert "ops@demo.test" in said.output
    check_complete()
    assert Source.objects.get(tenant__external_id="alder").lane.publishable


def test_everybody_can_sign_in_and_has_the_right_role(sandbox: Sandbox, manage: Manage) -> None:
    manage("load_demo")
    people = {user.email: user for user in User.objects.all()}
    for email in people:
        assert authenticate(None, email=email, password=PASSWORD) == people[email]
    assert people["ops@demo.test"].is_superuser
    assert (people["manager@demo.test"].staff_role, people["support@demo.test"].staff_role) == ("manager", "support")
    roles = set(Membership.objects.values_list("user__email", "tenant__external_id", "role"))
    assert roles == {
        ("admin@alder.test", "alder", "admin"),
        ("viewer@alder.test", "alder", "viewer"),
        ("admin@birch.test", "birch", "admin"),
    }


def test_loading_it_again_changes_nothing(sandbox: Sandbox, manage: Manage) -> None:
    manage("load_demo")
    before, at_aws = world(), sandbox.private("GET", "state")["sources"]
    said = manage("load_demo")
    assert (said.code, "was loaded before" in said.output) == (0, True)
    assert world() == before
    assert sandbox.private("GET", "state")["sources"] == at_aws


def test_killed_at_every_step_it_is_complete_in_the_end(sandbox: Sandbox) -> None:
    class Killed(BaseException):
        pass

    def clock_that_stops_after(readings: int) -> Callable[[], datetime]:
        left = iter(range(readings))

        def clock() -> datetime:
            if next(left, None) is None:
                raise Killed
            return timezone.now()

        return clock

    for readings in count():
        try:
            load_demo(clock=clock_that_stops_after(readings))
        except Killed:
            continue
        break
    assert readings > 10
    check_complete()


def test_what_alder_is_sent_arrives_in_its_queue(sandbox: Sandbox, manage: Manage) -> None:
    manage("load_demo")
    with session.open_session() as own, Exchanges() as exchanges:
        publisher = Publisher(own, exchanges)
        while publisher.publish_round():
            pass
    arrived = Inbox(sandbox.client("sqs", ALDER.account, ALDER.region), "kestrel-events").events()
    assert len(arrived) == posted_of("alder")
    assert sandbox.private("GET", "state")["counters"]["entries_accepted"] == len(arrived)


def test_without_the_simulator_nothing_is_made_and_the_next_run_completes_it(
    sandbox: Sandbox, manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("AWS_ENDPOINT_URL_EVENTS", "http://127.0.0.1:1")
        said = manage("load_demo")
    assert (said.code, "does not answer at http://127.0.0.1:1" in said.error) == (1, True)
    assert not User.objects.exists()
    assert manage("load_demo").code == 0
    check_complete()


def test_it_is_refused_where_others_could_sign_in(sandbox: Sandbox, manage: Manage, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://partnerbus.example.com"
    said = manage("load_demo")
    assert (said.code, "PUBLIC_URL" in said.error) == (1, True)
    assert not User.objects.exists()


def test_it_is_refused_on_real_aws(
    sandbox: Sandbox, manage: Manage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as unset:
        unset.delenv("AWS_ENDPOINT_URL_EVENTS")
        assert "simulator" in manage("load_demo").error
    settings.SANDBOX = False
    assert "simulator" in manage("load_demo").error
    assert not User.objects.exists()


def test_somebody_elses_offer_is_not_made_to_expire(
    sandbox: Sandbox, tenant: Tenant, make_source: Callable[..., Source]
) -> None:
    waiting = make_source(tenant, observed="pending")
    with pytest.raises(DemoRefused, match="demo-reset"):
        load_demo(clock=timezone.now)
    assert Source.objects.get(pk=waiting.pk).observed == "pending"
    assert all(source["state"] == "PENDING" for source in sandbox.private("GET", "state")["sources"])
