"""The audit log is append-only by trigger, whoever writes."""

from django.db import migrations

SQL = """
create function audit_is_append_only() returns trigger language plpgsql as $$
begin raise exception 'the audit log is append-only'; end $$;
create trigger audit_append_only before update or delete on tenants_auditentry
  for each row execute function audit_is_append_only();
"""
REVERSE = "drop trigger audit_append_only on tenants_auditentry; drop function audit_is_append_only();"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
