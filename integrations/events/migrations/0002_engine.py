"""What the whole engine needs beyond the first line: replays, rollups, pacing, and indexes for looking things up."""

from django.db import migrations, models

SQL = """
alter table retry add column refused_since timestamptz;
comment on column retry.refused_since is 'when AWS first refused this entry for itself; the age of a dead letter counts from here';
create index retry_replay on retry (replay_id) where replay_id is not null;
comment on index retry_replay is 'what of a replay is still to be sent';

-- The story, lists and replays ask for the attempts of single events, in the partition of today above all: a block range
-- index would read thousands of rows for each.
drop index attempts_event;
create index attempts_event on attempts (event_id);
comment on index attempts_event is 'attempts of one event';
-- Bloom filters of block ranges: AWS's ids are random, and a B-tree would write a page of it for every event.
create index attempts_request on attempts using brin (request_id uuid_bloom_ops (n_distinct_per_range = 1000))
  with (pages_per_range = 64, autosummarize = on);
comment on index attempts_request is 'deliveries by AWS''s request id';
create index attempts_aws on attempts using brin (aws_id uuid_bloom_ops (n_distinct_per_range = 4000))
  with (pages_per_range = 64, autosummarize = on);
comment on index attempts_aws is 'the event of AWS''s EventId';

insert into outcome_codes (id, code) overriding system value values (3, 'hold_limit') on conflict do nothing;

-- Derived from attempts by a minute job, which replaces the last few minutes: a recording commits later than its "at".
-- Latency classes, in ms of the call: up to 5, 10, 25, 50, 100, 250, 1000, and more.
create table rollups (
  source_id int not null,
  minute int not null,
  accepted int not null default 0,
  failed int not null default 0,
  held int not null default 0,
  bytes bigint not null default 0,
  latency int[] not null default '{0,0,0,0,0,0,0,0}',
  primary key (source_id, minute)
) with (fillfactor = 50);
comment on column rollups.minute is 'minutes since 1970, UTC';
comment on column rollups.accepted is 'entries accepted by AWS in this minute';
comment on column rollups.failed is 'attempts that were not accepted';
comment on column rollups.held is 'deliveries stored in this minute behind a closed gate';
comment on column rollups.bytes is 'bytes of the accepted entries';
create index rollups_minute on rollups using brin (minute) with (pages_per_range = 32);
comment on index rollups_minute is 'all sources in a range of minutes, and retention';
create table rollup_failures (
  source_id int not null,
  minute int not null,
  code smallint not null,
  failed int not null,
  primary key (source_id, minute, code)
) with (fillfactor = 50);

-- How fast a publisher account may be called in a region, shared by the live publishers. No row: AWS's default quota.
create table pace (
  publisher_account text not null,
  region text not null,
  calls_per_second real not null,
  changed_at timestamptz not null,
  primary key (publisher_account, region)
);

-- Lanes that fill their share of a round: publishers of the second kind take them, so that the others need not wait.
create unlogged table heavy_lanes (source_id int primary key);
"""

REVERSE = """
drop table heavy_lanes, pace, rollup_failures, rollups;
delete from outcome_codes where id = 3;
drop index attempts_aws, attempts_request, attempts_event, retry_replay;
create index attempts_event on attempts using brin (event_id uuid_minmax_multi_ops) with (pages_per_range = 16);
alter table retry drop column refused_since;
"""


class Migration(migrations.Migration):

    dependencies = [("events", "0001_initial"), ("registration", "0002_policies_and_rates")]

    operations = [
        migrations.RunSQL(SQL, REVERSE),
        migrations.CreateModel(
            name="Rollup",
            fields=[
                ("pk", models.CompositePrimaryKey("source_id", "minute", blank=True, editable=False, primary_key=True, serialize=False)),
                ("source_id", models.IntegerField()),
                ("minute", models.IntegerField()),
                ("accepted", models.IntegerField()),
                ("failed", models.IntegerField()),
                ("held", models.IntegerField()),
                ("bytes", models.BigIntegerField()),
            ],
            options={"db_table": "rollups", "managed": False},
        ),
    ]
