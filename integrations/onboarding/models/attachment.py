"""Files that people add: diagrams, reviews, mails. The bytes live in the database, so that a backup has them."""

from django.db import models

from integrations.onboarding.models.stage import ChecklistItem
from integrations.registration.models import Integration
from tenants.identifiers import uuid7

LARGEST_ATTACHMENT = 10 * 1024 * 1024


class WithoutContent(models.Manager["Attachment"]):
    """Leaves the bytes in the database until somebody reads them."""

    def get_queryset(self) -> "models.QuerySet[Attachment]":
        return super().get_queryset().defer("content")


class Attachment(models.Model):
    """One file. Never changed; `content_type` is what its bytes are, and not what the browser called it."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="attachments")
    item = models.ForeignKey(ChecklistItem, on_delete=models.CASCADE, null=True, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    objects = WithoutContent()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(size__gte=1, size__lte=LARGEST_ATTACHMENT), name="attachment_size_bounded"
            ),
        ]

    def __str__(self) -> str:
        return self.name
