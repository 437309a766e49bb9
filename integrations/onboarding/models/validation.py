"""Validation runs: the end-to-end flow, executed step by step, and what each step showed."""

from django.db import models
from django.db.models import Q

from integrations.registration.models import Environment, Integration
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tenants.models import Tenant


class ValidationRun(models.Model):
    """One rehearsal or demonstration on the test environment's own validation tenant.

    Due like a source: `due_at` is when the step in hand is looked at again; a worker that dies leaves a row that falls
    due a minute later. `report` is frozen with the result, and `report_sha256` is the hash of its canonical JSON.
    """

    class Kind(models.TextChoices):
        REHEARSAL = "rehearsal", "Rehearsal"
        REAL = "real", "Demonstration to AWS"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "All steps taken"
        STOPPED = "stopped", "Stopped"

    class Result(models.TextChoices):
        OPEN = "", "Not recorded"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="validation_runs")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    # They carry evidence: protected, and so is what hangs on them.
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    stepwise = models.BooleanField(default=False)
    account = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    due_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=6, choices=Result, blank=True, default=Result.OPEN)
    result_note = models.TextField(blank=True)
    result_by = models.CharField(max_length=200, blank=True)
    result_at = models.DateTimeField(null=True)
    report = models.JSONField(null=True)
    report_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                "integration", condition=Q(state__in=["running", "paused"]), name="validation_run_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(result="") | Q(result_at__isnull=False, report__isnull=False),
                name="validation_result_has_a_report",
            ),
        ]
        indexes = [
            # The sweep: which runs are to be taken further?
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="validation_run_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.integration}"


class ValidationStep(models.Model):
    """One step of a run. `evidence` is what was seen, `proof` says whether live, earlier, or by a person's word."""

    class State(models.TextChoices):
        TODO = "todo", "To come"
        DOING = "doing", "In work"
        DONE = "done", "Shown"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Left out"

    class Proof(models.TextChoices):
        NONE = "", "Not shown"
        LIVE = "live", "Live"
        EARLIER = "earlier", "Proven earlier"
        PERSON = "person", "Confirmed by a person"

    run = models.ForeignKey(ValidationRun, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=30)
    state = models.CharField(max_length=7, choices=State, default=State.TODO)
    proof = models.CharField(max_length=7, choices=Proof, blank=True, default=Proof.NONE)
    said = models.TextField(blank=True)  # what is waited for, or what went wrong, as a sentence
    awaits_person = models.BooleanField(default=False)
    evidence = models.JSONField(default=dict)
    request_id = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    by = models.CharField(max_length=200, blank=True)
    takes = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint("run", "position", name="validation_step_place_once"),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(proof="") & Q(ended_at__isnull=False)),
                name="validation_step_done_is_proven",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.key}"
