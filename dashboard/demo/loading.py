"""Loading the demo world, once. Killed in the middle, the next start goes on where this one stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection

from dashboard.demo import DemoRefused
from dashboard.demo.advancing import advance_until
from dashboard.demo.customers import ALDER, BIRCH, CEDAR, Customer, accept_source
from dashboard.demo.people import create_members, create_staff
from dashboard.demo.permission import simulator_address
from dashboard.demo.simulator import Simulator
from dashboard.demo.traffic import post_events
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration
from integrations.sources.creation import create_source
from integrations.sources.models import Observed, Source
from integrations.sources.states import ShownState, shown_state
from tenants import audit
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import AuditEntry

SLUG, NAME = "kestrel", "Kestrel"
NAMESPACE = "aws.partner/kestrel.example.com"
PUBLISHER, RECEIVER = "111111111111", ALDER.account
REGIONS = ("eu-west-1", "us-east-1")
LOADED = "demo:load"
ACTOR = Actor.system("demo")
# Longer than AWS lets an offer wait.
EXPIRY = timedelta(days=8)


def load_demo(*, clock: Callable[[], datetime]) -> bool:
    """Load the demo world and return whether there was anything to do: once loaded, it is never touched again.

    Raises DemoRefused where it may not be loaded, or cannot be: then the next call goes on where this one stopped.
    """
    simulator = Simulator(simulator_address())
    with _alone():
        if AuditEntry.objects.filter(action=LOADED, object_type="demo", object_id=SLUG).exists():
            return False
        simulator.check()
        _load(simulator, clock)
        audit.record(actor=ACTOR, action=LOADED, at=clock(), object_type="demo", object_id=SLUG)
    return True


def _load(simulator: Simulator, clock: Callable[[], datetime]) -> None:
    environment = _environment(clock())
    create_staff(actor=ACTOR, now=clock())
    # First, because the clock that ends Cedar's offer would age every other one too.
    cedar = _offer(environment, CEDAR, clock)
    _let_expire(simulator, cedar)
    alder = _offer(environment, ALDER, clock)
    accept_source(simulator, ALDER, alder.name)
    advance_until(alder, lambda source: source.observed == Observed.ACTIVE)
    birch = _offer(environment, BIRCH, clock)
    advance_until(birch, lambda source: source.observed == Observed.PENDING)
    for customer in (ALDER, BIRCH, CEDAR):
        post_events(environment, customer.external_id, now=clock())


def _environment(now: datetime) -> Environment:
    """Return the test environment, where everything happens: production opens with the last of AWS's stages."""
    if not Integration.objects.filter(slug=SLUG).exists():
        sides = [
            EnvironmentSettings("test", f"{NAMESPACE}.test", PUBLISHER, REGIONS, receiver_accounts=[RECEIVER]),
            EnvironmentSettings("production", NAMESPACE, PUBLISHER, REGIONS),
        ]
        begin_integration(slug=SLUG, name=NAME, environments=sides, actor=ACTOR, now=now)
    return Environment.objects.get(integration__slug=SLUG, kind=Environment.Kind.TEST)


def _offer(environment: Environment, customer: Customer, clock: Callable[[], datetime]) -> Source:
    """Put the tenant with its people, and offer it a source; return it when AWS has answered."""
    tenant, _ = put_tenant(
        directory=environment.directory,
        external_id=customer.external_id,
        name=customer.name,
        actor=ACTOR,
        now=clock(),
    )
    create_members(tenant=tenant, actor=ACTOR, now=clock())
    source = Source.objects.filter(tenant=tenant, account=customer.account).first()  # creating it twice would renew it
    if source is None:
        source, _ = create_source(
            tenant=tenant, account=customer.account, region=customer.region, actor=ACTOR, now=clock()
        )
    advance_until(source, lambda source: source.observed != Observed.UNKNOWN)
    return source


def _let_expire(simulator: Simulator, source: Source) -> None:
    if source.observed != Observed.PENDING:
        return
    if Source.objects.filter(observed=Observed.PENDING).exclude(pk=source.pk).exists():
        raise DemoRefused(
            "Other offers wait in the simulator and would expire with the demo's. Load the demo into a fresh "
            "installation: make demo-reset."
        )
    simulator.age(EXPIRY.total_seconds())
    advance_until(source, lambda source: shown_state(source) == ShownState.EXPIRED)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('demo world'))")
        if cursor.fetchone() != (True,):
            raise DemoRefused("The demo world is being loaded by another process at this moment.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(hashtext('demo world'))")
