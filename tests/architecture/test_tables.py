"""The tables of docs/architecture.md, section 3, are those of the database."""

import re

import pytest
from django.db import connection

from tests.architecture.sources import ROOT

# Of Django and allauth, which document them themselves.
FOREIGN = re.compile(r"(account|auth|django|mfa|usersessions)_|tenants_user_(groups|user_permissions)\Z")
WEEK = re.compile(r"idempotency_[0-9]{4}w[0-9]{2}\Z")
ANY_WEEK = "idempotency_<iso week>"

COLUMNS = """
select c.table_name, array_agg(c.column_name::text order by c.ordinal_position)
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
  and not exists (select 1 from pg_inherits i where i.inhrelid = quote_ident(c.table_name)::regclass)
group by c.table_name
"""


def documented() -> dict[str, set[str]]:
    """Return the columns by table: the first word between two commas, whatever parentheses add to it."""
    _, _, after = (ROOT / "docs/architecture.md").read_text().partition("\n## 3. Tables\n")
    section, _, _ = after.partition("\n## ")
    return {
        table: {column.split()[0].removesuffix("[]") for column in re.sub(r"\([^)]*\)", "", columns).split(",")}
        for table, columns in re.findall(r"^\| `([^`]+)` [MS] \| ((?:\\\||[^|])+) \|", section, flags=re.MULTILINE)
    }


def existing() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        return {
            ANY_WEEK if WEEK.match(table) else table: set(columns)
            for table, columns in cursor.fetchall()
            if not FOREIGN.match(table)
        }


@pytest.mark.usefixtures("store")
def test_the_documented_tables_have_exactly_the_documented_columns() -> None:
    told, real = documented(), existing()
    assert told.keys() == real.keys()
    assert {table: columns ^ real[table] for table, columns in told.items() if columns != real[table]} == {}
