"""The questionnaire of stage 3: the template it follows, the answers, and every version of them."""

from django.db import models
from django.db.models import Q

from integrations.registration.models import Integration


class QuestionnaireTemplate(models.Model):
    """The questions, in one version. Never changed: another text of AWS's is another version."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="questionnaire_templates")
    version = models.PositiveIntegerField()
    document = models.JSONField()
    is_example = models.BooleanField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["integration", "-version"]
        constraints = [models.UniqueConstraint("integration", "version", name="questionnaire_template_version_once")]

    def __str__(self) -> str:
        return f"questionnaire of {self.integration}, version {self.version}"


class Questionnaire(models.Model):
    """One integration's questionnaire. `revision` counts accepted changes; an approval names the one it read."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="questionnaire"
    )
    template = models.ForeignKey(QuestionnaireTemplate, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    approved_revision = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(approved_revision=models.F("revision")),
                name="questionnaire_approval_is_of_this_revision",
            )
        ]

    def __str__(self) -> str:
        return f"questionnaire of {self.integration}"


class QuestionnaireAnswer(models.Model):
    """The answer to one question as it stands. Found by its key, so that it survives another template."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=60)
    value = models.JSONField()
    version = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint("questionnaire", "key", name="questionnaire_answer_once")]

    def __str__(self) -> str:
        return f"{self.questionnaire}: {self.key}"


class AnswerVersion(models.Model):
    """Every answer ever given, also one that came too late because somebody else had changed it (`kept` is false)."""

    answer = models.ForeignKey(QuestionnaireAnswer, on_delete=models.CASCADE, db_index=False, related_name="versions")
    version = models.PositiveIntegerField()
    value = models.JSONField()
    kept = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # A question's history, newest first.
            models.Index(fields=["answer", "-id"], name="answer_versions_newest")
        ]

    def __str__(self) -> str:
        return f"{self.answer}, version {self.version}"
