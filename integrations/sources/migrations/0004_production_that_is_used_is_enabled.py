from django.db import migrations

# From now on tenants connect production once it has gone live. Where they have done so already, it is live.
ENABLE = """
update registration_environment e set enabled_at = now()
where e.kind = 'production' and e.enabled_at is null
  and exists (select from sources_source s where s.environment_id = e.id and s.account is not null)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0003_hand_off_links"),
        ("registration", "0003_gate_policies_and_maintenance"),
    ]

    operations = [migrations.RunSQL(ENABLE, migrations.RunSQL.noop)]
