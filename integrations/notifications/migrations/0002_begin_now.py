"""What happened before there were notifications is no news."""

from django.db import migrations

BEGIN = """
insert into notifications_progress (history, seen)
select 'source_changes', coalesce(max(id), 0) from sources_sourcechange
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [migrations.RunSQL(BEGIN, migrations.RunSQL.noop)]
