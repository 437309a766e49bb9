"""Read models over the tables of the event path, which its migrations make in SQL, and the replays.

Nothing is written through the read models: ingest and publisher speak SQL.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tenants.models import Tenant


class EventType(models.Model):
    """The dictionary of detail-types."""

    name = models.TextField(unique=True)

    class Meta:
        managed = False
        db_table = "event_types"

    def __str__(self) -> str:
        return self.name


class OutcomeCode(models.Model):
    """The dictionary of AWS's codes and our own: 0 is accepted, 1 is outcome unknown."""

    id = models.SmallIntegerField(primary_key=True)
    code = models.TextField(unique=True)

    class Meta:
        managed = False
        db_table = "outcome_codes"

    def __str__(self) -> str:
        return self.code


class Event(models.Model):
    """What was posted. `wire` is the entry for AWS without its source."""

    class Disposition(models.IntegerChoices):
        ROUTED = 0
        FILTERED = 1
        DROPPED = 2

    id = models.UUIDField(primary_key=True)
    environment_id = models.IntegerField()
    tenant_id = models.IntegerField()
    type = models.ForeignKey(EventType, on_delete=models.DO_NOTHING, db_constraint=False)
    disposition = models.SmallIntegerField(choices=Disposition)
    caller_id = models.TextField(null=True)  # noqa: DJ001 - null: the caller gave none
    wire = models.BinaryField()

    class Meta:
        managed = False
        db_table = "events"

    def __str__(self) -> str:
        return str(self.id)


class Pending(models.Model):
    """A delivery not yet tried."""

    pk = models.CompositePrimaryKey("source_id", "event_id")
    source_id = models.IntegerField()
    event_id = models.UUIDField()

    class Meta:
        managed = False
        db_table = "pending"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.source_id}"


class Retry(models.Model):
    """A delivery tried at least once, or replayed, and when it is due."""

    pk = models.CompositePrimaryKey("source_id", "event_id")
    source_id = models.IntegerField()
    event_id = models.UUIDField()
    due_at = models.DateTimeField()
    tries = models.SmallIntegerField()
    refusals = models.SmallIntegerField()
    code = models.SmallIntegerField()
    replay_id = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "retry"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.source_id}, due {self.due_at}"


class Dead(models.Model):
    """A dead letter: a delivery that ended in failure."""

    pk = models.CompositePrimaryKey("source_id", "event_id")
    source_id = models.IntegerField()
    event_id = models.UUIDField()
    at = models.DateTimeField()
    code = models.SmallIntegerField()
    tries = models.SmallIntegerField()
    message = models.TextField(null=True)  # noqa: DJ001 - null: AWS said nothing

    class Meta:
        managed = False
        db_table = "dead"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.source_id}"


class Settled(models.Model):
    """A delivery that ended without being sent, after it had been stored."""

    class Reason(models.IntegerChoices):
        FILTERED = 1
        DROPPED = 2

    pk = models.CompositePrimaryKey("source_id", "event_id")
    source_id = models.IntegerField()
    event_id = models.UUIDField()
    at = models.DateTimeField()
    reason = models.SmallIntegerField(choices=Reason)

    class Meta:
        managed = False
        db_table = "settled"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.source_id}"


class Attempt(models.Model):
    """One publish attempt: one event for one source in one PutPartnerEvents call."""

    pk = models.CompositePrimaryKey("event_id", "source_id", "at")
    event_id = models.UUIDField()
    source_id = models.IntegerField()
    at = models.DateTimeField()
    code = models.SmallIntegerField()
    tries = models.SmallIntegerField()
    ms = models.IntegerField()
    bytes = models.IntegerField()
    observed = models.SmallIntegerField()
    replay_id = models.IntegerField(null=True)
    aws_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True)
    message = models.TextField(null=True)  # noqa: DJ001 - null: AWS said nothing

    class Meta:
        managed = False
        db_table = "attempts"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.source_id} at {self.at}"


class Rollup(models.Model):
    """What one source did in one minute; `minute` counts minutes since 1970."""

    pk = models.CompositePrimaryKey("source_id", "minute")
    source_id = models.IntegerField()
    minute = models.IntegerField()
    accepted = models.IntegerField()
    failed = models.IntegerField()
    held = models.IntegerField()
    bytes = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "rollups"

    def __str__(self) -> str:
        return f"source {self.source_id}, minute {self.minute}"


class Replay(models.Model):
    """Deliveries that somebody wants sent again: which, how fast, and how far that is.

    `walk`, `at_source` and `at_event` are the cursor: everything up to it was queued in the transaction that moved it.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        RUNNING = "running"
        DONE = "done"
        CANCELLING = "cancelling"
        CANCELLED = "cancelled"

    class Walk(models.TextChoices):
        """Dead letters are walked in the order of their key, accepted deliveries in the order of their events."""

        DEAD = "dead"
        ACCEPTED = "accepted"
        OVER = "over"

    id = models.AutoField(primary_key=True)  # an int, as in the tables of the event path
    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+", db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # Cascaded: without its source a replay would become one of all sources.
    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    events = ArrayField(models.UUIDField(), null=True)
    type = models.CharField(max_length=128, blank=True)
    states = ArrayField(models.CharField(max_length=8))
    received_from = models.DateTimeField(null=True)
    received_until = models.DateTimeField(null=True)
    code = models.CharField(max_length=100, blank=True)
    rate = models.PositiveIntegerField(null=True)

    matched = models.BigIntegerField()
    matched_exactly = models.BooleanField()
    enqueued = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    withdrawn = models.BigIntegerField(default=0)

    walk = models.CharField(max_length=8, choices=Walk)
    at_source = models.IntegerField(default=0)
    at_event = models.UUIDField()
    paced_until = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    actor_label = models.CharField(max_length=200)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "replays"
        constraints = [
            models.CheckConstraint(condition=models.Q(rate__isnull=True) | models.Q(rate__gte=1), name="replay_rate"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="replay_due"),
            models.Index(fields=["environment", "-public_id"], name="replay_newest"),  # the list, newest first
        ]

    def __str__(self) -> str:
        return f"{self.public_id}, {self.state}"


class Redriven(models.Model):
    """A dead letter that a replay put back into the queue, as it was, so that cancelling loses nothing of it."""

    pk = models.CompositePrimaryKey("replay_id", "source_id", "event_id")
    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="+", db_index=False)
    source_id = models.IntegerField()
    event_id = models.UUIDField()
    at = models.DateTimeField()
    code = models.SmallIntegerField()
    tries = models.SmallIntegerField()
    message = models.TextField(null=True)  # noqa: DJ001 - null: AWS said nothing

    class Meta:
        db_table = "redriven"

    def __str__(self) -> str:
        return f"{self.event_id} for {self.source_id}"
