"""The four stages of an integration and the checklist of each."""

from django.db import models
from django.db.models import Q

from integrations.registration.models import Integration
from tenants.identifiers import uuid7
from tenants.models import User


class Owner(models.TextChoices):
    """Who has to take the next step."""

    PROVIDER = "provider", "SaaS provider"
    AWS = "aws", "AWS"
    TENANT = "tenant", "Tenant"


class Stage(models.Model):
    """One of the four stages of one integration.

    `opened_*` is set where somebody opened it before the stage in front of it was done; `reopened_at` while somebody
    keeps a stage in work whose items are all done.
    """

    class State(models.TextChoices):
        TODO = "todo", "To do"
        DOING = "doing", "In work"
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="stages")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.TODO)
    owner = models.CharField(max_length=8, choices=Owner, default=Owner.PROVIDER)
    owner_since = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.CharField(max_length=200, blank=True)
    opened_because = models.TextField(blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["integration", "number"]
        constraints = [
            models.UniqueConstraint("integration", "number", name="stage_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=4), name="stage_number_1_to_4"),
        ]

    def __str__(self) -> str:
        return f"{self.integration}: stage {self.number}"


class ChecklistItem(models.Model):
    """One thing a stage asks for, proven automatically from facts or by a person.

    *Lost* is an automatic item that was done and whose facts have ceased to hold; it keeps its old evidence.
    """

    class Proof(models.TextChoices):
        AUTOMATIC = "automatic", "Automatic"
        MANUAL = "manual", "Manual"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        LOST = "lost", "No longer holds"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=8, choices=Owner)
    assignee = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    proof = models.CharField(max_length=10, choices=Proof)
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    evidence = models.JSONField(null=True, blank=True)
    note = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    missing = models.TextField(blank=True)  # what the last check did not find, as a sentence
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["stage", "position"]
        constraints = [
            models.UniqueConstraint("stage", "key", name="checklist_item_once"),
            models.CheckConstraint(condition=Q(state__in=["open", "done", "lost"]), name="checklist_item_state_known"),
        ]

    def __str__(self) -> str:
        return self.title
