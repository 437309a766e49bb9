"""Read models over the tables of the event path, which its first migration makes in SQL.

Nothing is written through them: ingest and publisher speak SQL.
"""

from django.db import models


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
