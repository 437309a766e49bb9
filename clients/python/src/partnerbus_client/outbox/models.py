"""The one table of the outbox. An event in it is waiting, sent or dead."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from partnerbus_client.events import MAX_TENANT_CHARACTERS, MAX_TYPE_CHARACTERS, Event

MAX_ID_CHARACTERS = 128
_WAITING = Q(sent_at__isnull=True, dead_at__isnull=True)


class OutboxEvents(models.QuerySet["OutboxEvent"]):
    """The rows by what is to be done with them."""

    def waiting(self) -> "OutboxEvents":
        """Return what has to be sent, now or later."""
        found: OutboxEvents = self.filter(_WAITING)
        return found

    def dead(self) -> "OutboxEvents":
        """Return what Partnerbus rejected; nothing happens to it until somebody revives or deletes it."""
        found: OutboxEvents = self.filter(dead_at__isnull=False)
        return found

    def revive(self) -> int:
        """Let dead events wait again, when what was wrong is mended; return how many."""
        return self.dead().update(dead_at=None, not_before=None, claim=None, alone=False, code="", message="")


class OutboxEvent(models.Model):
    """One event, exactly as it will be posted: `detail` is JSON text, never parsed again."""

    event_id = models.CharField(max_length=MAX_ID_CHARACTERS, help_text="The idempotency key: the same at every try.")
    tenant = models.CharField(max_length=MAX_TENANT_CHARACTERS)
    type = models.CharField(max_length=MAX_TYPE_CHARACTERS)
    detail = models.TextField()
    time = models.CharField(max_length=40, help_text="ISO 8601 with a zone, as it is posted.")
    resources = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(null=True, blank=True, help_text="Until then a relay has it, or it is put off.")
    claim = models.UUIDField(null=True, blank=True, help_text="Of the relay that took it last.")
    alone = models.BooleanField(default=False, help_text="Sent by itself: a request that held it has failed.")
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=100, blank=True, help_text="Partnerbus's code of the last failure.")
    message = models.TextField(blank=True)

    objects = OutboxEvents.as_manager()

    class Meta:
        db_table = "partnerbus_outbox"
        indexes = [
            # The relay's next events; it stays as small as the backlog.
            models.Index(fields=["id"], name="partnerbus_outbox_waiting", condition=_WAITING),
            models.Index(fields=["sent_at"], name="partnerbus_outbox_sent", condition=Q(sent_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.type} for {self.tenant}, {self.event_id}"

    def to_event(self) -> Event:
        """Return the event that is posted, the same at every call. Raises ValueError if the row was damaged."""
        time = datetime.fromisoformat(self.time)
        return Event(self.tenant, self.type, self.detail, id=self.event_id, time=time, resources=self.resources)
