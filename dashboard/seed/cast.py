"""Who is in the seed: one integration, its tenants with a person each, and their sources in every condition."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Model

from dashboard.seed.plan import (
    LABEL,
    MAIL_DOMAIN,
    MAINTAINED,
    NAME,
    NAMESPACE,
    REGIONS,
    SLUG,
    TYPES,
    Cast,
    Plan,
    condition_of,
)
from integrations.registration.integrations import EnvironmentSettings, create_integration
from integrations.registration.models import Environment
from integrations.sources.gate import is_open
from integrations.sources.maintenance import begin_maintenance
from integrations.sources.models import Lane, Source
from tenants.audit import Actor
from tenants.models import Membership, Tenant, User

PUBLISHER = "111111111111"
AT_ONCE = 2_000
TREES = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Gorse", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Rowan")
TRADES = ("Logistics", "Energy", "Health", "Media", "Robotics", "Foods", "Finance", "Games", "Travel", "Textiles")
STAFF = {"operations": "operations", "manager": "manager", "support": "support"}

# Others' rows would come in between, and the statements that make events count on keys that follow one another.
ALONE = "lock table tenants_tenant, sources_source in share row exclusive mode"

Fields = dict[str, Any]


def create_cast(plan: Plan, now: datetime) -> Environment:
    """Write everything but history and events. Belongs into a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
    environment = _environment(now)
    _people(environment, plan)
    tenants = list(Tenant.objects.filter(directory=environment.directory).order_by("pk"))
    _create(Source, (_source(environment, tenants, number, plan, now) for number in range(plan.sources)))
    _create(Lane, map(_lane, Source.objects.filter(environment=environment).order_by("pk")))
    return environment


def cast_of(environment: Environment) -> Cast:
    """Return the keys that events are made with; writes the names of types and codes that are missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into event_types (name) select 'order.' || n from generate_series(0, %s) n on conflict do nothing",
            [TYPES],  # of the last of them there are no events
        )
        cursor.execute(
            "insert into outcome_codes (code) select x from"
            " unnest(array['ThrottlingException', 'AccessDeniedException']) x on conflict do nothing"
        )
        cursor.execute("select name, id from event_types where name like 'order.%%'")
        types = dict(cursor.fetchall())
        cursor.execute("select code, id from outcome_codes")
        codes = dict(cursor.fetchall())
    return Cast(
        environment=environment.pk,
        first_tenant=Tenant.objects.filter(directory=environment.directory_id).earliest("pk").pk,
        first_source=Source.objects.filter(environment=environment).earliest("pk").pk,
        types=[types[f"order.{number}"] for number in range(TYPES)],
        codes=codes,
        ends_at=environment.created_at,
    )


def _environment(now: datetime) -> Environment:
    regions = (*REGIONS, MAINTAINED)
    settings = EnvironmentSettings("test", NAMESPACE, PUBLISHER, regions, gate_policy=Environment.GatePolicy.HOLD)
    actor = Actor.system(LABEL)
    integration = create_integration(slug=SLUG, name=NAME, environments=[settings], actor=actor, now=now)
    environment = integration.environments.select_related("directory").get()
    begin_maintenance(
        environment=environment,
        region=MAINTAINED,
        note="Seeded: AWS knows nothing of this integration, so nothing of it may be sent.",
        actor=actor,
        now=now,
    )
    environment.publisher_account = ""  # without one there is no survey, which would find that nothing exists
    environment.save(update_fields=["publisher_account"])
    return environment


def _people(environment: Environment, plan: Plan) -> None:
    """Make tenants with an admin each, and staff. None of them is active: nobody signs in, and nobody is written to."""
    numbers = range(plan.tenants)
    nothing = make_password(None)
    _create(
        Tenant,
        (Tenant(directory=environment.directory, external_id=f"t{n}", name=name_of(n), slug=f"t{n}") for n in numbers),
    )
    addresses = [(f"admin@t{n}.{MAIL_DOMAIN}", "") for n in numbers]
    addresses += [(f"{name}@{MAIL_DOMAIN}", role) for name, role in STAFF.items()]
    _create(
        User,
        (
            User(email=email, staff_role=role, is_active=False, password=nothing, name=email.split("@")[0].title())
            for email, role in addresses
        ),
    )
    users = User.objects.filter(email__endswith=f".{MAIL_DOMAIN}", email__startswith="admin@t").order_by("pk")
    tenants = Tenant.objects.filter(directory=environment.directory).order_by("pk")
    pairs = zip(users, tenants, strict=True)
    _create(Membership, (Membership(user=user, tenant=tenant, role="admin") for user, tenant in pairs))


def name_of(number: int) -> str:
    """Return the name of the tenant with this number."""
    return f"{TREES[number % len(TREES)]} {TRADES[number // len(TREES) % len(TRADES)]} {number}"


def _source(environment: Environment, tenants: list[Tenant], number: int, plan: Plan, now: datetime) -> Source:
    tenant_number, nth = divmod(number, plan.a_tenant)
    tenant = tenants[tenant_number]
    region = MAINTAINED if number == 0 else REGIONS[nth % len(REGIONS)]
    label = "orders" if nth < len(REGIONS) else f"orders-{nth}"
    name = f"{NAMESPACE}/{tenant.slug}/{region}/{label}"
    fields: Fields = {
        "provisioned_at": now - timedelta(days=30),
        "observed": "active",
        "observed_at": now - timedelta(seconds=number % 300),
    }
    return Source(
        environment=environment,
        tenant=tenant,
        account=f"{200_000_000_000 + tenant_number}",
        region=region,
        label=label,
        name=name,
        arn=f"arn:aws:events:{region}::event-source/{name}",
        **fields | _fields_of(condition_of(tenant_number), number, now),
    )


def _fields_of(condition: str, number: int, now: datetime) -> Fields:
    soon = {"observed": "pending", "expires_at": now + timedelta(hours=8 + number % 36)}
    fields: dict[str, Fields] = {
        "active": {"activated_at": now - timedelta(days=29)},
        "pending": {"observed": "pending", "expires_at": now + timedelta(days=3 + number % 10)},
        "about to expire": soon,
        "detached": soon | {"activated_at": now - timedelta(days=29)},
        "paused": {"desired": "paused", "activated_at": now - timedelta(days=29)},
        "expired": {"observed": "none", "ended": "expired"},
        "gone": {"observed": "deleted", "ended": "gone", "activated_at": now - timedelta(days=29)},
        "failed": {
            "observed": "unknown",
            "observed_at": None,
            "provisioned_at": None,
            "failure_code": "LimitExceededException",
            "failure_message": "The simulated refusal of a simulated account.",
            "failure_final": True,
        },
    }
    return fields[condition]


def _lane(source: Source) -> Lane:
    opened = is_open(desired=source.desired, observed=source.observed, policy=Environment.GatePolicy.HOLD)
    return Lane(source=source, environment_id=source.environment_id, region=source.region, publishable=opened)


def _create(model: type[Model], rows: Iterator[Any]) -> None:
    model._default_manager.bulk_create(rows, batch_size=AT_ONCE)
