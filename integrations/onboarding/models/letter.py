"""Letters to AWS, and what AWS answered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from integrations.onboarding.models.attachment import Attachment
from integrations.registration.models import Integration
from tenants.identifiers import uuid7


class Letter(models.Model):
    """An e-mail to AWS. A draft may change; from *queued* on it stays as it was sent.

    Due like a source: `due_at` is when the next try to send it falls due. *Failed* is a refusal that a repetition
    does not mend; `failure` says why, also while it is still repeated.
    """

    class Kind(models.TextChoices):
        REQUEST = "request", "Request for the test account"
        REMINDER = "reminder", "Reminder"
        QUESTIONNAIRE = "questionnaire", "Questionnaire"
        EVIDENCE = "evidence", "Evidence of the validation"
        OTHER = "other", "Letter"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    class Way(models.TextChoices):
        MAILER = "mailer", "Sent from here"
        BY_HAND = "by_hand", "Sent from a mail client"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="letters")
    stage = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=14, choices=Kind)
    about = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reminders")
    to = models.EmailField()
    cc = ArrayField(models.EmailField(), default=list, blank=True)
    reply_to = models.EmailField(blank=True)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    attachments = models.ManyToManyField(Attachment, through="LetterAttachment", related_name="letters")
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    sent_way = models.CharField(max_length=8, choices=Way, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    queued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, blank=True)
    message_id = models.CharField(max_length=250, blank=True)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)
    answer_expected_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="letter_sent_has_a_moment"
            ),
        ]
        indexes = [
            # The sweep: which letters are to be sent?
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="letter_due"),
        ]

    def __str__(self) -> str:
        return self.subject


class LetterAttachment(models.Model):
    """A file that goes with a letter, and cannot be removed while it does."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="enclosures")
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="enclosures")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("letter", "attachment", name="letter_attachment_once")]

    def __str__(self) -> str:
        return f"{self.attachment} with {self.letter}"


class Answer(models.Model):
    """What AWS answered to a letter, pasted in by a person."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="answers")
    received_at = models.DateTimeField()
    sender = models.CharField(max_length=250)
    text = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["received_at", "pk"]

    def __str__(self) -> str:
        return f"{self.sender}, {self.received_at:%Y-%m-%d}"
