"""Partner event sources: what we want, what AWS says, the history of both, and the lane that is the gate."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from integrations.registration.models import Environment
from tenants.identifiers import uuid7
from tenants.models import Tenant


class Desired(models.TextChoices):
    """What we want of a source."""

    PRESENT = "present"
    PAUSED = "paused"
    ABSENT = "absent"


class Observed(models.TextChoices):
    """AWS's own word on a source. `unknown`: not asked yet; `none`: AWS has no such source."""

    UNKNOWN = "unknown"
    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    DELETED = "deleted"


class Source(models.Model):
    """An offer of one tenant's events to one AWS account in one region.

    A row without account is the tenant's reserve: events wait in its lane until it becomes the first source.
    Account, region and name never change afterwards.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="sources")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="sources")
    account = models.CharField(max_length=12, null=True)  # noqa: DJ001 - null and not empty: a reserve has no account
    region = models.CharField(max_length=32, blank=True)
    label = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=256, blank=True)
    arn = models.CharField(max_length=400, blank=True)
    event_types = ArrayField(models.CharField(max_length=128), null=True)
    pattern = models.JSONField(null=True)

    desired = models.CharField(max_length=8, choices=Desired, default=Desired.PRESENT)
    observed = models.CharField(max_length=8, choices=Observed, default=Observed.UNKNOWN)
    observed_at = models.DateTimeField(null=True)
    provisioned_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=8, blank=True, choices=[("expired", "Expired"), ("gone", "Gone")])
    # An entry was refused as if the source were gone, later than AWS was last asked; any answer clears it.
    suspect_since = models.DateTimeField(null=True)
    # ACTIVE since a moment ago: the tenant may still be making its rules, and what no rule catches is lost.
    opens_at = models.DateTimeField(null=True)
    # When AWS last said ACTIVE for the first time after something else: since then the tenant may have a bus of this
    # name, which outlives the source.
    activated_at = models.DateTimeField(null=True)
    # Since when events have been sent to it while AWS would not deliver them (policy send_and_keep), and when a replay
    # of them was asked for.
    kept_since = models.DateTimeField(null=True)
    kept_replayed_at = models.DateTimeField(null=True)
    # Somebody looks at it on a page, and so AWS is asked every few seconds.
    watched_until = models.DateTimeField(null=True)
    # How often it was offered again by itself since it was last ACTIVE.
    renewals = models.PositiveSmallIntegerField(default=0)
    # The offer whose queue and history this one took over.
    predecessor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    # Counts changes of what we want: the outcome of a call that served an older intent is not committed.
    intent = models.PositiveIntegerField(default=1)
    failure_code = models.CharField(max_length=100, blank=True)
    failure_message = models.TextField(blank=True)
    failure_final = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "region", "name", condition=~Q(name="") & ~Q(desired="absent"), name="source_name_once_a_region"
            ),
            models.UniqueConstraint("tenant", condition=Q(account__isnull=True), name="source_one_reserve_a_tenant"),
            models.CheckConstraint(condition=Q(account__regex=r"^[0-9]{12}$"), name="source_account_12_digits"),
            models.CheckConstraint(condition=Q(desired__in=Desired.values), name="source_desired_known"),
            models.CheckConstraint(condition=Q(observed__in=Observed.values), name="source_observed_known"),
        ]
        indexes = [
            # The sweep: whose next step with AWS is due?
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="source_due"),
            # The claim: is one of them waited for at this moment, or wanted? Most are neither, ten thousand of them may
            # be due, and each claim would read them all to find none.
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False)
                & (Q(suspect_since__isnull=False) | Q(opens_at__isnull=False) | Q(watched_until__isnull=False)),
                name="source_due_at_once",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False) & (Q(provisioned_at=None) | Q(desired="absent")),
                name="source_due_wanted",
            ),
            # Ingest: where do this tenant's events go?
            models.Index(fields=["tenant"], condition=~Q(desired="absent"), name="source_routes_of_tenant"),
            # Every minute: which offers end soon, and which have ended without being accepted?
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="source_expires"),
            models.Index(fields=["environment"], condition=Q(ended="expired"), name="source_expired"),
            # Every few seconds: which sources were sent events that have to be sent again?
            models.Index(fields=["kept_since"], condition=Q(kept_since__isnull=False), name="source_kept"),
        ]

    def __str__(self) -> str:
        return self.name or f"reserve of {self.tenant}"


class SourceChange(models.Model):
    """One change of what we want of a source or of what AWS says of it."""

    class Cause(models.TextChoices):
        PERSON = "person"
        KEY = "key"
        AWS = "aws"
        EXPIRY = "expiry"
        SCHEDULE = "schedule"
        SYSTEM = "system"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    cause = models.CharField(max_length=8, choices=Cause)
    actor_label = models.CharField(max_length=200, blank=True)
    field = models.CharField(max_length=20)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    # When `before` was last true by AWS's own word: what was sent since then may have been dropped by AWS.
    confirmed_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    # Its place in the feed of the environment, given once it is committed; both together, see `changes`.
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    position = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            # The feed, and what a caller of it reads on from.
            models.UniqueConstraint("environment", "position", name="change_position_once"),
        ]
        indexes = [
            # a source's history, newest first
            models.Index(fields=["source", "-at", "-id"], name="change_of_source"),
            # What did AWS say before? Most of a long history is what people did.
            models.Index(fields=["source", "-at", "-id"], condition=Q(field="observed"), name="change_of_word"),
            # The feed: what has no position yet?
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="change_without_position"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.field} {self.before} -> {self.after}"


class Lane(models.Model):
    """The queue of one source, and its gate: the only place that says whether it may be published.

    `selection_since`: deliveries of older events are judged by the source's selection when they are published,
    because they were stored before the selection was made. `drops_since`: deliveries of events stored since then are
    not kept; they settle as dropped.
    """

    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="lane")
    publishable = models.BooleanField(default=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+", db_index=False)
    region = models.CharField(max_length=32, blank=True)
    selection_since = models.DateTimeField(null=True)
    drops_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Every few seconds: whose queue is to be dropped?
            models.Index(fields=["drops_since"], condition=Q(drops_since__isnull=False), name="lane_drops"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {'open' if self.publishable else 'closed'}"


class Drain(models.Model):
    """How fast a source's queue may flow at most; no row: as fast as AWS takes it.

    `next_at`: when the next deliveries may be claimed. Moved by the publisher that holds the lane, once a claim.
    """

    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="drain")
    per_second = models.PositiveIntegerField()
    next_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(per_second__gte=1), name="drain_per_second_positive")]

    def __str__(self) -> str:
        return f"{self.source}: {self.per_second} a second"


class HandOffLink(models.Model):
    """A way to one source's page without sign-in, for the tenant's AWS admin. Only the hash of its token is stored.

    It opens as often as it is asked until it expires or is revoked: admins come back to look.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="hand_off_links")
    token_hash = models.BinaryField(max_length=32, unique=True)  # how a link is found
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.source}: link of {self.created_by}"


class Budget(models.Model):
    """How much of the control-plane calls of a publisher account in a region is spent: see `budget`."""

    publisher_account = models.CharField(max_length=12, blank=True)
    region = models.CharField(max_length=32)
    free_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("publisher_account", "region", name="budget_once_a_place")]

    def __str__(self) -> str:
        return f"{self.publisher_account} in {self.region}"


class ExpiryReminder(models.Model):
    """A step of the ladder towards the end of an offer was reached: it ends in `hours` or less. See `reminders`.

    `offer`: the change by which the source became pending. Whoever tells people of it reads these rows by their ids.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="expiry_reminders")
    offer = models.ForeignKey(SourceChange, on_delete=models.CASCADE, related_name="+", db_index=False)
    hours = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("offer", "hours", name="expiry_reminder_once_a_step")]

    def __str__(self) -> str:
        return f"{self.source}: {self.hours} hours"
