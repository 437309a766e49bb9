"""The timeline of an integration: everything said, sent, changed and proven."""

from django.db import models

from integrations.onboarding.models.stage import ChecklistItem
from integrations.registration.models import Integration
from tenants.identifiers import uuid7


class TimelineEntry(models.Model):
    """One moment, in words that need no look-up. Written in the transaction of what it tells, and never changed.

    A comment is an entry of kind *said*. Notifications read these rows.
    """

    class Kind(models.TextChoices):
        SAID = "said", "Said"
        SENT = "sent", "Sent"
        ANSWERED = "answered", "Answered"
        CHANGED = "changed", "Changed"
        PROVEN = "proven", "Proven"
        LOST = "lost", "No longer holds"
        STAGE = "stage", "Stage"
        FAILED = "failed", "Failed"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="timeline", db_index=False)
    item = models.ForeignKey(ChecklistItem, on_delete=models.CASCADE, null=True, related_name="timeline")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind)
    stage = models.PositiveSmallIntegerField(null=True)
    title = models.CharField(max_length=250)
    text = models.TextField(blank=True)
    actor_label = models.CharField(max_length=200)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            # An integration's timeline, newest first.
            models.Index(fields=["integration", "-at", "-id"], name="timeline_newest"),
        ]

    def __str__(self) -> str:
        return self.title
