"""People are reminded of the validation's date: one more kind of notice."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_begin_now'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('activated', 'A source is connected'), ('expiring', 'An offer ends soon'), ('expired', 'An offer ended, or a source is gone'), ('held', 'Events are held for long'), ('failing', 'Sending fails'), ('recovered', 'Sending works again'), ('reprovisioned', 'A source is offered again'), ('overdue', 'A stage with AWS is overdue'), ('validation', 'The validation with AWS is near')], max_length=16),
        ),
        migrations.AlterField(
            model_name='preference',
            name='kind',
            field=models.CharField(choices=[('activated', 'A source is connected'), ('expiring', 'An offer ends soon'), ('expired', 'An offer ended, or a source is gone'), ('held', 'Events are held for long'), ('failing', 'Sending fails'), ('recovered', 'Sending works again'), ('reprovisioned', 'A source is offered again'), ('overdue', 'A stage with AWS is overdue'), ('validation', 'The validation with AWS is near')], max_length=16),
        ),
    ]
