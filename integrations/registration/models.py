"""What a provider has registered with AWS: integrations and their environments; API keys; breakers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from integrations.aws.publishers import Publisher
from tenants.identifiers import uuid7
from tenants.models import Directory


class Integration(models.Model):
    """One product of the provider, which goes through AWS's stages on its own."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """How tenants see the portal of an integration: under which name, with which picture, in which colour.

    `colour` is `#rrggbb` on light paper, `colour_dark` on dark; empty ones leave the product's own.
    """

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, primary_key=True, related_name="brand")
    name = models.CharField(max_length=60, blank=True)
    colour = models.CharField(max_length=7, blank=True)
    colour_dark = models.CharField(max_length=7, blank=True)
    logo_bytes = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)  # stands in addresses, so that browsers may keep what they have

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(colour__regex=r"^(#[0-9a-f]{6})?$", colour_dark__regex=r"^(#[0-9a-f]{6})?$"),
                name="brand_colours_wellformed",
            )
        ]

    def __str__(self) -> str:
        return f"brand of {self.integration}"


class Logo(models.Model):
    """The picture of a brand, apart from it: every page of the portal loads the brand."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, primary_key=True, related_name="logo")
    png = models.BinaryField()

    def __str__(self) -> str:
        return f"logo of {self.integration}"


class Environment(models.Model):
    """The test or production side of an integration, registered separately with AWS."""

    class Kind(models.TextChoices):
        TEST = "test", "Test"
        PRODUCTION = "production", "Production"

    class GatePolicy(models.TextChoices):
        HOLD = "hold", "Hold events until AWS says ACTIVE"
        SEND_AND_KEEP = "send_and_keep", "Send at once, keep, and replay on activation"
        DROP = "drop", "Drop events until AWS says ACTIVE"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="environments")
    directory = models.OneToOneField(Directory, on_delete=models.PROTECT, related_name="environment")
    kind = models.CharField(max_length=12, choices=Kind)
    namespace = models.CharField(max_length=180)
    publisher_account = models.CharField(max_length=12, blank=True)
    role_arn = models.CharField(max_length=2048, blank=True)
    external_id = models.CharField(max_length=1224, blank=True)
    receiver_accounts = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    regions = ArrayField(models.CharField(max_length=32), default=list)
    gate_policy = models.CharField(max_length=16, choices=GatePolicy, default=GatePolicy.HOLD)
    max_request_bytes = models.PositiveIntegerField(default=262_144)
    retention_days = models.PositiveSmallIntegerField(default=30)
    hold_limit_days = models.PositiveSmallIntegerField(default=14)
    # How often an offer that nobody accepted is made again by itself; 0: people are asked.
    expiry_renewals = models.PositiveSmallIntegerField(default=0)
    enabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("integration", "kind", name="environment_kind_once"),
            # One namespace in two environments would let one of them publish into the other's sources.
            models.UniqueConstraint("namespace", name="environment_namespace_once"),
            models.CheckConstraint(
                condition=models.Q(namespace__regex=r"^aws\.partner(/[.\-_A-Za-z0-9]+)+$"),
                name="environment_namespace_wellformed",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="test") | models.Q(namespace__endswith=".test"),
                name="environment_test_namespace_ends_in_test",
            ),
            models.CheckConstraint(
                condition=models.Q(gate_policy__in=["hold", "send_and_keep", "drop"]),
                name="environment_gate_policy_known",
            ),
            models.CheckConstraint(
                condition=models.Q(retention_days__gte=1), name="environment_retention_days_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(hold_limit_days__gte=1), name="environment_hold_limit_days_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(expiry_renewals__lte=100), name="environment_expiry_renewals_bounded"
            ),
            models.CheckConstraint(
                condition=models.Q(publisher_account="") | models.Q(publisher_account__regex=r"^[0-9]{12}$"),
                name="environment_publisher_account_12_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.integration} ({self.kind})"

    @property
    def publisher(self) -> Publisher:
        """Whose credentials the calls for this environment use."""
        return Publisher(self.publisher_account, self.role_arn, self.external_id)


class ApiKey(models.Model):
    """A machine's right to act in one environment. Only the hash of its secret is stored."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)  # how a presented key is found
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=40))
    events_per_second = models.PositiveIntegerField(null=True, blank=True)  # None: no limit of its own
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Breaker(models.Model):
    """A row stops an environment's publishing in a region: AWS refuses our credentials or cannot be reached."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="breakers")
    region = models.CharField(max_length=32)
    opened_at = models.DateTimeField()
    retry_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=1)
    code = models.CharField(max_length=100)
    message = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("environment", "region", name="breaker_once")]

    def __str__(self) -> str:
        return f"{self.environment} in {self.region}: {self.code}"


class Maintenance(models.Model):
    """A row holds all events of an environment in a region, because somebody wants it so."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="maintenances")
    region = models.CharField(max_length=32)
    since = models.DateTimeField()
    actor_label = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("environment", "region", name="maintenance_once")]

    def __str__(self) -> str:
        return f"{self.environment} in {self.region}: maintenance since {self.since:%Y-%m-%d %H:%M} UTC"
