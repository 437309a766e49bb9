"""Notices, the messages that they become, and what people chose to get."""

from django.db import models
from django.db.models import Q

from integrations.notifications.kinds import Kind
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tenants.models import Tenant, User


class Notice(models.Model):
    """Something that happened, once for each cause. `facts` is what its texts say, fixed when it was noticed.

    `subject` names what a lasting trouble is about; `ended_at` closes it. Between the two there is no second notice.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    cause = models.CharField(max_length=200, unique=True)  # what makes it the same: never two notices for one cause
    at = models.DateTimeField()
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    subject = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "subject", condition=~Q(subject="") & Q(ended_at=None), name="notice_one_trouble_a_subject"
            )
        ]
        indexes = [
            # Every sweep: did this subject have a trouble lately?
            models.Index(fields=["subject", "-ended_at"], condition=~Q(subject=""), name="notice_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.cause}"


class Message(models.Model):
    """A notice for one person by one channel. Rows are the queue: an e-mail is due until it is sent or given up."""

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        LIST = "list", "In the product"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=5, choices=Channel)
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("notice", "user", "channel", name="message_once"),
        ]
        indexes = [
            # The sender: what is due?
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="message_due"),
            # A person's own list, newest first.
            models.Index(fields=["user", "channel", "-id"], name="message_of_person"),
            # The mark beside the bell, on every page.
            models.Index(fields=["user"], condition=Q(channel="list", read_at=None), name="message_unread"),
            # The log, newest first.
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} for {self.user} by {self.channel}"


class Preference(models.Model):
    """What a person chose for one kind; without a row the kind's own default counts."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    email = models.BooleanField()
    list = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint("user", "kind", name="preference_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind}"


class Progress(models.Model):
    """How far a history was read. Rows above are read again, because a lower id may be committed later."""

    history = models.CharField(max_length=40, primary_key=True)
    seen = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.history} up to {self.seen}"
