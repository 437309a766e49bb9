"""`manage.py load_demo`, against a really started simulator."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from pytest_django.fixtures import Settings

from dashboard.demo import DemoRefused
from dashboard.demo.customers import ALDER
from dashboard.demo.feed import feed_demo
from dashboard.demo.loading import load_demo
from dashboard.demo.people import PASSWORD
from dashboard.demo.simulator import Simulator
from dashboard.demo.traffic import BORROWED, FILE
from integrations.aws.exchange import Exchanges
from integrations.events import session
from integrations.events.models import Dead, Event, Pending
from integrations.events.publisher import Publisher
from integrations.events.silence_checks import key_in_use
from integrations.onboarding.models import Answer, Letter
from integrations.onboarding.stages import current_of
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
STATES = {
    "alder": "active",
    "birch": "pending",
    "cedar": "expired",
    "dogwood": "pending",
    "elm": "active",
    "fir": "paused",
    "gorse": "pending",
}


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
    own = sum(json.loads(line)["tenant"] == tenant for line in FILE.read_text().splitlines())
    return own or BORROWED


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
    assert Source.objects.count() == Tenant.objects.count() == len(STATES)
    assert Integration.objects.get(slug="kestrel").environments.count() == 2
    assert current_of(Integration.objects.get(slug="kestrel").stages.all()).number == 2
    assert current_of(Integration.objects.get(slug="kestrel-billing").stages.all()).number == 1
    assert Letter.objects.filter(state=Letter.State.SENT).count() == 2
    assert Answer.objects.count() == 1
    assert (User.objects.count(), Membership.objects.count()) == (6, 3)
    assert len(event_ids()) == sum(map(posted_of, STATES))
    for source in Source.objects.all():
        assert Pending.objects.filter(source_id=source.pk).count() == posted_of(source.tenant.external_id)


def check_people() -> None:
    """Fail unless everybody can sign in, with the right role."""
    people = {user.email: user for user in User.objects.all()}
    assert authenticate(None, email="viewer@alder.test", password=PASSWORD) == people["viewer@alder.test"]
    assert all(check_password(PASSWORD, user.password) for user in people.values())
    assert people["ops@demo.test"].is_superuser
    assert (people["manager@demo.test"].staff_role, people["support@demo.test"].staff_role) == ("manager", "support")
    roles = set(Membership.objects.values_list("user__email", "tenant__external_id", "role"))
    assert roles == {
        ("admin@alder.test", "alder", "admin"),
        ("viewer@alder.test", "alder", "viewer"),
        ("admin@birch.test", "birch", "admin"),
    }


def test_it_loads_customers_in_every_condition_once(sandbox: Sandbox, manage: Manage) -> None:
    said = manage("load_demo")
    assert said.code == 0, said.error
    assert "ops@demo.test" in said.output
    check_complete()
    check_people()
    assert Source.objects.get(tenant__external_id="alder").lane.publishable
    left = Source.objects.get(tenant__external_id="dogwood").expires_at - timezone.now()
    assert timedelta(0) < left < timedelta(days=1)
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


def publish_everything() -> None:
    with session.open_session() as own, Exchanges() as exchanges:
        publisher = Publisher(own, exchanges)
        while publisher.publish_round():
            pass


def test_events_arrive_or_are_refused_and_go_on_until_nobody_has_been_there_for_hours(
    sandbox: Sandbox, manage: Manage, settings: Settings
) -> None:
    feed_demo()
    assert event_ids() == []
    manage("load_demo")
    publish_everything()
    arrived = Inbox(sandbox.client("sqs", ALDER.account, ALDER.region), "kestrel-events").events()
    assert len(arrived) == posted_of("alder")
    elm = Source.objects.get(tenant__external_id="elm")
    assert Dead.objects.filter(source_id=elm.pk).count() == posted_of("elm")
    assert key_in_use(elm.environment, timezone.now()).state == "ok"
    loaded = len(event_ids())
    feed_demo()
    fed = len(event_ids())
    assert fed > loaded
    User.objects.update(created_at=timezone.now() - timedelta(days=1))
    feed_demo()
    assert len(event_ids()) == fed
    User.objects.filter(email="ops@demo.test").update(last_login=timezone.now())
    settings.DEMO_TRAFFIC = False
    feed_demo()
    assert len(event_ids()) == fed
    settings.DEMO_TRAFFIC = True
    feed_demo()
    assert len(event_ids()) > fed


def test_an_offer_that_waits_nearly_a_week_is_not_aged_again_by_the_next_run(sandbox: Sandbox) -> None:
    class Killed(BaseException):
        pass

    aged: list[float] = []

    class Mortal(Simulator):
        def age(self, seconds: float) -> None:
            super().age(seconds)
            aged.append(seconds)
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dashboard.demo.loading.Simulator", Mortal)
        for _ in ("Cedar's offer", "Dogwood's"):
            with pytest.raises(Killed):
                load_demo(clock=timezone.now)
    load_demo(clock=timezone.now)
    assert len(aged) == 2
    check_complete()


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
