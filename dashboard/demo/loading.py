"""Loading the demo world, once. Killed in the middle, the next start goes on where this one stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from dashboard.demo import DemoRefused
from dashboard.demo.advancing import advance_until
from dashboard.demo.backend import hold_key
from dashboard.demo.customers import (
    ALDER,
    BIRCH,
    CEDAR,
    CUSTOMERS,
    DOGWOOD,
    ELM,
    FIR,
    GORSE,
    Customer,
    accept_source,
    deactivate_source,
    refuse_entries,
)
from dashboard.demo.onboarding import begin_second_integration, take_through_stages
from dashboard.demo.people import create_members, create_staff
from dashboard.demo.permission import simulator_address
from dashboard.demo.simulator import Simulator
from dashboard.demo.traffic import post_events
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration
from integrations.sources.creation import create_source
from integrations.sources.models import Observed, Source, SourceChange
from integrations.sources.pausing import pause_source
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
# AWS lets an offer wait for a week.
UNTIL_EXPIRED = timedelta(days=8)
UNTIL_NEARLY_EXPIRED = timedelta(days=6, hours=4)


def load_demo(*, clock: Callable[[], datetime]) -> bool:
    """Load the demo world and return whether there was anything to do: once loaded, it is never touched again.

    Raises DemoRefused where it may not be loaded, or cannot be: then the next call goes on where this one stopped.
    """
    simulator = Simulator(simulator_address())
    with _alone():
        if is_loaded():
            return False
        simulator.check()
        _load(simulator, clock)
        audit.record(actor=ACTOR, action=LOADED, at=clock(), object_type="demo", object_id=SLUG)
    return True


def is_loaded() -> bool:
    """Return whether the whole world is there."""
    return AuditEntry.objects.filter(action=LOADED, object_type="demo", object_id=SLUG).exists()


def _load(simulator: Simulator, clock: Callable[[], datetime]) -> None:
    environment = _environment(clock())
    hold_key(environment, actor=ACTOR, now=clock())
    create_staff(actor=ACTOR, now=clock())
    # First those two, because the clock that ages their offers would age every other one too.
    _let_wait(simulator, _offer(environment, CEDAR, clock), UNTIL_EXPIRED)
    _let_wait(simulator, _offer(environment, DOGWOOD, clock), UNTIL_NEARLY_EXPIRED)
    _connect(simulator, environment, ALDER, clock)
    elm = _connect(simulator, environment, ELM, clock)
    refuse_entries(simulator, elm.name)
    pause_source(source=_connect(simulator, environment, FIR, clock), actor=ACTOR, now=clock())
    _detach(simulator, GORSE, _connect(simulator, environment, GORSE, clock))
    birch = _offer(environment, BIRCH, clock)
    advance_until(birch, lambda source: source.observed == Observed.PENDING)
    for customer in CUSTOMERS:
        post_events(environment, customer.external_id, now=clock())
    take_through_stages(environment.integration, clock)
    begin_second_integration(clock)


def _connect(
    simulator: Simulator, environment: Environment, customer: Customer, clock: Callable[[], datetime]
) -> Source:
    """Offer a source and have its customer accept it; one that was ACTIVE once is left as it is."""
    source = _offer(environment, customer, clock)
    if not SourceChange.objects.filter(source=source, after=Observed.ACTIVE).exists():
        accept_source(simulator, customer, source.name)
        advance_until(source, lambda source: source.observed == Observed.ACTIVE)
    return source


def _detach(simulator: Simulator, customer: Customer, source: Source) -> None:
    if source.observed == Observed.ACTIVE:
        deactivate_source(simulator, customer, source.name)
        advance_until(source, lambda source: source.observed == Observed.PENDING)


def _environment(now: datetime) -> Environment:
    """Return the test environment, where everything happens: production opens with the last of AWS's stages."""
    if not Integration.objects.filter(slug=SLUG).exists():
        held = Environment.GatePolicy.HOLD  # the demo world shows what a customer's production sees
        sides = [
            EnvironmentSettings(
                "test", f"{NAMESPACE}.test", PUBLISHER, REGIONS, receiver_accounts=[RECEIVER], gate_policy=held
            ),
            EnvironmentSettings("production", NAMESPACE, PUBLISHER, REGIONS),
        ]
        begin_integration(slug=SLUG, name=NAME, environments=sides, actor=ACTOR, now=now)
    return Environment.objects.select_related("integration").get(integration__slug=SLUG, kind=Environment.Kind.TEST)


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


def _let_wait(simulator: Simulator, source: Source, age: timedelta) -> None:
    """Let the offer be as old as this, unless it is already: a run before may have ended between the two steps."""
    _look_again(source)
    if source.observed != Observed.PENDING or _is_aged(source):
        return
    if Source.objects.filter(observed=Observed.PENDING).exclude(pk=source.pk).exists():
        raise DemoRefused(
            "Other offers wait in the simulator and would expire with the demo's. Load the demo into a fresh "
            "installation: make demo-reset."
        )
    simulator.age(age.total_seconds())
    advance_until(source, lambda source: source.observed == Observed.NONE or _is_aged(source))


def _look_again(source: Source) -> None:
    since = timezone.now()
    advance_until(source, lambda source: source.observed_at is not None and source.observed_at >= since)


def _is_aged(source: Source) -> bool:
    """Whether AWS names an end that is nearer than the day after tomorrow: an offer of today lives for a week."""
    return source.expires_at is not None and source.expires_at < timezone.now() + timedelta(days=2)


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
