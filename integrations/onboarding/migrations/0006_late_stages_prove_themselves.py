"""Items of stages 3 and 4 that facts prove now: those that are open, for what a person confirmed stays confirmed."""

from django.db import migrations

KEYS = ("questionnaire-sent", "validation-dated", "demonstrated", "icon-shown")


def _change(before, after):
    def change(apps, schema_editor):
        items = apps.get_model("onboarding", "ChecklistItem").objects
        items.filter(key__in=KEYS, state="open", proof=before).update(proof=after)

    return change


class Migration(migrations.Migration):
    dependencies = [("onboarding", "0005_checklist_of_proofs")]

    operations = [migrations.RunPython(_change("manual", "automatic"), _change("automatic", "manual"))]
