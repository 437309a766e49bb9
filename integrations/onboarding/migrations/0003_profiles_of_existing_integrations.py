from django.db import migrations

PROFILES = """
insert into onboarding_profile (
  integration_id, company, domain, partner_emails, landing_page, console_page,
  receiver_role_arn, receiver_external_id, receiver_queue_url, version)
select i.id, '', coalesce((
    select regexp_replace(split_part(e.namespace, '/', 2), '\\.test$', '')
    from registration_environment e where e.integration_id = i.id order by e.kind limit 1), ''),
  '{}', '', '', '', '', '', 1
from registration_integration i
where exists (select from onboarding_stage s where s.integration_id = i.id)
on conflict do nothing
"""


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0002_profiles_letters_timeline"),
        ("registration", "0001_initial"),
    ]

    operations = [migrations.RunSQL(PROFILES, migrations.RunSQL.noop)]
