"""What AWS is told of an integration beside its environments, and who takes it through the stages."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from integrations.registration.models import Integration
from tenants.identifiers import uuid7
from tenants.models import User


class Profile(models.Model):
    """The company, its domain and its contacts; the receiving side of the tests; the person who leads.

    `version` counts changes, so that of two people who edit at once the second is told. `receiver_*` are optional:
    with them the receiving side of stage 2 is done and seen from here.
    """

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, primary_key=True, related_name="profile")
    company = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=170, blank=True)
    partner_emails = ArrayField(models.EmailField(), default=list, blank=True)
    landing_page = models.URLField(max_length=500, blank=True)
    console_page = models.URLField(max_length=500, blank=True)
    icon_enabled_at = models.DateTimeField(null=True, blank=True)
    lead = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    receiver_role_arn = models.CharField(max_length=2048, blank=True)
    receiver_external_id = models.CharField(max_length=1224, blank=True)
    receiver_queue_url = models.CharField(max_length=500, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"profile of {self.integration}"


class CataloguedType(models.Model):
    """An event type (detail-type) that the integration publishes: AWS is told of 1 to 15, one schema each."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="catalogued_types")
    name = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    schema = models.JSONField(null=True, blank=True)
    sample = models.JSONField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["integration", "name"]
        constraints = [
            models.UniqueConstraint("integration", "name", name="catalogued_type_once"),
            models.CheckConstraint(condition=~Q(name=""), name="catalogued_type_named"),
        ]

    def __str__(self) -> str:
        return self.name
