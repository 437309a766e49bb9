"""The tables of the event path, in SQL: partitions, storage parameters and index choices are their substance.

Daily and weekly tables are made ahead by `integrations.events.storage`.
"""

import django.db.models.deletion
from django.db import migrations, models

SQL = """
-- Append-only, range-partitioned by day BY THE ID (UUIDv7): the primary key alone is unique over all partitions, an event
-- by id and the publisher's join prune to one partition, and newest first is "order by id desc".
create table events (
  id uuid primary key,
  environment_id int not null,
  tenant_id int not null,
  type_id int not null,
  disposition smallint not null default 0,
  caller_id text,
  wire bytea not null
) partition by range (id);
comment on column events.disposition is '0 routed, 1 filtered, 2 dropped: no delivery was made; set at insert';
comment on column events.wire is 'the PutPartnerEvents entry without its opening brace and Source, so that one row serves every source';
create index events_tenant on events (tenant_id, id) include (type_id);
comment on index events_tenant is 'a tenant''s events, newest first; a filter by type runs index-only';
create index events_environment on events using brin (environment_id, id) with (pages_per_range = 32);
comment on index events_environment is 'an environment''s events in a range of time';

create table event_types (id int generated always as identity primary key, name text not null unique);

create table outcome_codes (id smallint generated always as identity (start 100) primary key, code text not null unique);
insert into outcome_codes (id, code) overriding system value values
  (0, 'accepted'), (1, 'outcome_unknown'), (2, 'event_missing');

-- Deliveries not yet tried. Inserted and deleted, never updated; "held" is a closed lane, not a value here.
create table pending (
  source_id int not null,
  event_id uuid not null,
  primary key (source_id, event_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_threshold = -1, vacuum_truncate = off);

-- Tried at least once, and replays: a replay in pending would overtake the source's new events, because old ids sort first.
create table retry (
  source_id int not null,
  event_id uuid not null,
  due_at timestamptz not null,
  tries smallint not null,
  refusals smallint not null,
  code smallint not null,
  replay_id int,
  primary key (source_id, event_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0,
        vacuum_truncate = off);
create index retry_due on retry (source_id, due_at);
comment on index retry_due is 'due work of a source, without touching what is not due';

create table dead (
  source_id int not null,
  event_id uuid not null,
  at timestamptz not null,
  code smallint not null,
  tries smallint not null,
  message text,
  primary key (source_id, event_id)
);
create index dead_newest on dead (source_id, at);
comment on index dead_newest is 'dead letters of a source, newest first';

create table settled (
  source_id int not null,
  event_id uuid not null,
  at timestamptz not null,
  reason smallint not null,
  primary key (source_id, event_id)
) partition by range (event_id);
comment on column settled.reason is '1 filtered, 2 dropped';

-- One row per (event, source, call), written by COPY. Accepted is proven here and nowhere else.
create table attempts (
  event_id uuid not null,
  source_id int not null,
  at timestamptz not null,
  code smallint not null,
  tries smallint not null,
  ms int not null,
  bytes int not null,
  observed smallint not null,
  replay_id int,
  aws_id uuid,
  request_id uuid,
  message text
) partition by range (at);
comment on column attempts.observed is 'what we knew of the source when it was sent: 0 unknown, 1 none, 2 pending, 3 active, 4 deleted';
create index attempts_event on attempts using brin (event_id uuid_minmax_multi_ops) with (pages_per_range = 16);
comment on index attempts_event is 'attempts of one event; a B-tree costs a third more while a partition is hot';
create index attempts_failures on attempts (source_id, code, at) where code <> 0;
comment on index attempts_failures is 'failures of a source with a code';
create index attempts_at on attempts using brin (at) with (pages_per_range = 32);
comment on index attempts_at is 'one closed minute, for rollups';
create index attempts_not_active on attempts (source_id, at) where observed <> 3;
comment on index attempts_not_active is 'what was accepted while AWS would not deliver';

-- When AWS last accepted something of a source, to two seconds: too costly to ask of the attempts.
create table activity (source_id int primary key, last_accepted_at timestamptz not null) with (fillfactor = 50);

-- A publisher that sleeps says so; ingest notifies only then, because NOTIFY serialises commits.
create unlogged table wake (only_row bool primary key default true check (only_row), sleeping bool not null);
insert into wake (sleeping) values (false);
"""

REVERSE = """
drop table wake, activity, attempts, settled, dead, retry, pending, outcome_codes, event_types, events;
do $$ declare t text; begin
  for t in select relname from pg_class where relkind = 'r' and relname ~ '^idempotency_[0-9]{4}w[0-9]{2}$' loop
    execute format('drop table %I', t);
  end loop;
end $$;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('sources', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(SQL, REVERSE),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('pk', models.CompositePrimaryKey('event_id', 'source_id', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('source_id', models.IntegerField()),
                ('at', models.DateTimeField()),
                ('code', models.SmallIntegerField()),
                ('tries', models.SmallIntegerField()),
                ('ms', models.IntegerField()),
                ('bytes', models.IntegerField()),
                ('observed', models.SmallIntegerField()),
                ('replay_id', models.IntegerField(null=True)),
                ('aws_id', models.UUIDField(null=True)),
                ('request_id', models.UUIDField(null=True)),
                ('message', models.TextField(null=True)),
            ],
            options={
                'db_table': 'attempts',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Dead',
            fields=[
                ('pk', models.CompositePrimaryKey('source_id', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.IntegerField()),
                ('event_id', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('code', models.SmallIntegerField()),
                ('tries', models.SmallIntegerField()),
                ('message', models.TextField(null=True)),
            ],
            options={
                'db_table': 'dead',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('environment_id', models.IntegerField()),
                ('tenant_id', models.IntegerField()),
                ('disposition', models.SmallIntegerField(choices=[(0, 'Routed'), (1, 'Filtered'), (2, 'Dropped')])),
                ('caller_id', models.TextField(null=True)),
                ('wire', models.BinaryField()),
            ],
            options={
                'db_table': 'events',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='EventType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(unique=True)),
            ],
            options={
                'db_table': 'event_types',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='OutcomeCode',
            fields=[
                ('id', models.SmallIntegerField(primary_key=True, serialize=False)),
                ('code', models.TextField(unique=True)),
            ],
            options={
                'db_table': 'outcome_codes',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Pending',
            fields=[
                ('pk', models.CompositePrimaryKey('source_id', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.IntegerField()),
                ('event_id', models.UUIDField()),
            ],
            options={
                'db_table': 'pending',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Retry',
            fields=[
                ('pk', models.CompositePrimaryKey('source_id', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.IntegerField()),
                ('event_id', models.UUIDField()),
                ('due_at', models.DateTimeField()),
                ('tries', models.SmallIntegerField()),
                ('refusals', models.SmallIntegerField()),
                ('code', models.SmallIntegerField()),
                ('replay_id', models.IntegerField(null=True)),
            ],
            options={
                'db_table': 'retry',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Settled',
            fields=[
                ('pk', models.CompositePrimaryKey('source_id', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.IntegerField()),
                ('event_id', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('reason', models.SmallIntegerField(choices=[(1, 'Filtered'), (2, 'Dropped')])),
            ],
            options={
                'db_table': 'settled',
                'managed': False,
            },
        ),
    ]
