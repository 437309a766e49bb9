from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0001_surveys_drift_and_jobs")]
    operations = [migrations.AddField("adoption", "applied_at", models.DateTimeField(null=True))]
