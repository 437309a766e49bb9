"""Comparing with AWS: what was listed there, what differs, and the jobs that put many sources right."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.identifiers import uuid7


class Survey(models.Model):
    """The regular listing of an environment's sources at AWS in one region, and how far it is.

    `token` is AWS's cursor; it and the page's names are committed together. `run` numbers the surveys.
    """

    class Phase(models.TextChoices):
        IDLE = "idle"
        LISTING = "listing"
        ASKING = "asking"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="surveys")
    region = models.CharField(max_length=32)
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.IDLE)
    run = models.PositiveIntegerField(default=0)
    token = models.TextField(blank=True)
    listed = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)
    failure_code = models.CharField(max_length=100, blank=True)
    failure_message = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "region", name="survey_once_a_region")]

    def __str__(self) -> str:
        return f"{self.environment} in {self.region}: {self.phase}"


class Listing(models.Model):
    """A name that AWS listed, last in survey `run`. `to_ask`: to whom it is offered is still to be asked."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="listings", db_index=False)
    name = models.CharField(max_length=256)
    run = models.PositiveIntegerField()
    to_ask = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint("survey", "name", name="listing_once_a_name")]
        indexes = [
            # Which name is to be asked about next?
            models.Index(fields=["survey", "id"], condition=Q(to_ask=True), name="listing_to_ask"),
        ]

    def __str__(self) -> str:
        return self.name


class Drift(models.Model):
    """A difference between AWS and us. It resolves itself when a later survey does not find it any more.

    orphan: AWS has it and nobody here does; ghost: it is here and AWS has it no more; foreign: AWS offers its name to
    other accounts. `accounts` are AWS's. `wanted` is what somebody decided, carried out when `due_at` has come.
    """

    class Kind(models.TextChoices):
        ORPHAN = "orphan"
        GHOST = "ghost"
        FOREIGN = "foreign"

    class Wanted(models.TextChoices):
        NOTHING = ""
        DELETE = "delete"
        RECREATE = "recreate"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="drifts", db_index=False)
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=256)
    kind = models.CharField(max_length=8, choices=Kind)
    accounts = ArrayField(models.CharField(max_length=12), default=list)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True, related_name="drifts")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=100, blank=True)
    wanted = models.CharField(max_length=8, choices=Wanted, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "environment", "region", "name", condition=Q(resolved_at__isnull=True), name="drift_once_while_open"
            ),
        ]
        indexes = [
            # The list: what is open, newest first.
            models.Index(fields=["-public_id"], condition=Q(resolved_at__isnull=True), name="drift_open"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="drift_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in {self.region}"


class Adoption(models.Model):
    """Sources that exist at AWS and are to be taken over: looked at first, and taken over when somebody says so."""

    class State(models.TextChoices):
        CHECKING = "checking"
        CHECKED = "checked"
        APPLYING = "applying"
        DONE = "done"
        CANCELLED = "cancelled"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="adoptions")
    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    actor_label = models.CharField(max_length=200)
    total = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)  # when somebody decided
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="adoption_due")]

    def __str__(self) -> str:
        return f"{self.total} lines, {self.state}"


class AdoptionLine(models.Model):
    """One line of the file; `finding` is empty until AWS was asked, and `account` then the one that is adopted."""

    adoption = models.ForeignKey(Adoption, on_delete=models.CASCADE, related_name="lines", db_index=False)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=256)
    tenant = models.CharField(max_length=128)
    tenant_name = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=12, blank=True)
    region = models.CharField(max_length=32)
    finding = models.CharField(max_length=30, blank=True)
    message = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    source = models.ForeignKey(Source, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        # The lines in their order, and the next one of a finding.
        constraints = [models.UniqueConstraint("adoption", "number", name="adoption_line_once")]
        indexes = [models.Index(fields=["adoption", "finding", "number"], name="adoption_line_finding")]

    def __str__(self) -> str:
        return f"{self.number}: {self.name}"


class BulkRenewal(models.Model):
    """Many sources that are to be provisioned again, some a second; which ones was fixed when it was asked for."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="bulk_renewals")
    wanted = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    per_second = models.PositiveSmallIntegerField()
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    actor_kind = models.CharField(max_length=8)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(per_second__gte=1, per_second__lte=50), name="bulk_renewal_rate")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="bulk_renewal_due")]

    def __str__(self) -> str:
        return f"{self.done} of {self.total}, {self.state}"


class BulkRenewalItem(models.Model):
    """One of the sources; `outcome` is empty until its turn, then `renewed` or the code of the refusal."""

    renewal = models.ForeignKey(BulkRenewal, on_delete=models.CASCADE, related_name="items", db_index=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("renewal", "source", name="bulk_renewal_item_once")]
        indexes = [
            # Whose turn is next?
            models.Index(fields=["renewal", "id"], condition=Q(outcome=""), name="bulk_renewal_item_next"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.outcome or 'waiting'}"
