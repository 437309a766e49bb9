"""When AWS wants to see the integration, and whom that is told beforehand."""

from django.db import models
from django.db.models import Q

from integrations.registration.models import Integration
from tenants.identifiers import uuid7


class Appointment(models.Model):
    """The validation's date: a moment in UTC, and the time zone in which it was agreed.

    `sequence` counts changes, as calendars do, so that a later file replaces an earlier one.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="appointment")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    time_zone = models.CharField(max_length=60)
    place = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True)
    sequence = models.PositiveIntegerField(default=0)
    called_off_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=480), name="appointment_length_bounded")
        ]

    def __str__(self) -> str:
        return f"validation of {self.integration}"


class Reminder(models.Model):
    """A notice that falls due before an appointment; `told_at` once it reached people, or was overtaken."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="reminders")
    minutes_before = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint("appointment", "minutes_before", name="reminder_once")]
        indexes = [
            # Notifications: which reminders are due?
            models.Index(fields=["due_at"], condition=Q(told_at__isnull=True), name="reminder_due")
        ]

    def __str__(self) -> str:
        return f"{self.minutes_before} minutes before the {self.appointment}"
