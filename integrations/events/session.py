"""The publisher's own database session: its locks are session locks, so they end with it, however it ends."""

import psycopg
from django.conf import settings

from integrations.locks import SLOT_LOCK
from integrations.sources.gate import GATE_CHANNEL

WORK_CHANNEL = "partnerbus_work"
HEAVY_CHANNEL = "partnerbus_heavy"
AWAKE_SECONDS = 0.02  # ingest may believe so long that a publisher is awake, which therefore looks once more

# Keep-alive frees the locks of a publisher whose machine vanished within a minute. The queue tables are analysed while
# empty and then hold a million rows: an index is right for them whatever their statistics say.
OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        "tcp_keepalives_idle=20",
        "tcp_keepalives_interval=5",
        "tcp_keepalives_count=4",
        "tcp_user_timeout=40000",
        "idle_in_transaction_session_timeout=30000",
        "lock_timeout=10000",
        "statement_timeout=30000",
        "enable_bitmapscan=off",
        "enable_seqscan=off",
        "jit=off",
    )
)


def open_session() -> psycopg.Connection:
    """Return a new autocommit connection past any pooler, listening for work and for opened gates."""
    connection = psycopg.connect(
        settings.DATABASE_URL_DIRECT,
        autocommit=True,
        options=OPTIONS,
        application_name="partnerbus publisher",
        connect_timeout=5,
        keepalives_idle=20,
        keepalives_interval=5,
        keepalives_count=4,
    )
    connection.execute(f"listen {WORK_CHANNEL}")
    connection.execute(f"listen {GATE_CHANNEL}")
    connection.execute(f"listen {HEAVY_CHANNEL}")
    return connection


def take_slot(connection: psycopg.Connection) -> int | None:
    """Take one of the PUBLISHERS slots for the life of the session; None when all are taken."""
    for slot in range(settings.PUBLISHERS):
        if connection.execute("select pg_try_advisory_lock(%s, %s)", [SLOT_LOCK, slot]).fetchone() == (True,):
            if slot:  # it serves heavy lanes, of which the first publisher tells it
                connection.execute(f"unlisten {WORK_CHANNEL}")
            return slot
    return None


def is_alone(connection: psycopg.Connection, slot: int) -> bool:
    """Return whether no publisher of the other kind lives: of the first slot, or of any later one."""
    return connection.execute(
        "select not exists (select from pg_locks where locktype = 'advisory' and granted and classid = %s"
        " and database = (select oid from pg_database where datname = current_database())"
        " and case when %s = 0 then objid > 0 else objid = 0 end)",
        [SLOT_LOCK, slot],
    ).fetchone() == (True,)


def heard(connection: psycopg.Connection, seconds: float) -> set[str]:
    """Wait for a notification, at most `seconds`; return the channels that spoke since they were last asked."""
    return {notification.channel for notification in connection.notifies(timeout=seconds, stop_after=1)}


def say_sleeping(connection: psycopg.Connection, sleeping: bool) -> None:
    """Tell ingest whether to notify. An upsert, because a crash of PostgreSQL empties the unlogged table."""
    connection.execute(
        "insert into wake (sleeping) values (%s) on conflict (only_row) do update set sleeping = excluded.sleeping",
        [sleeping],
    )
